/* Laid under a server: its wall clock stands apart from the machine's, and its syncs take longer. Both are numbers in a
 * shared file, which the run changes while the server runs. Monotonic clocks are left alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct weather {
    volatile int64_t clock_ms;
    volatile int64_t sync_ms;
};

static struct weather calm;
static struct weather *weather = &calm;

__attribute__((constructor)) static void look_out(void) {
    const char *path = getenv("FAULTS_WEATHER");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *shared = mmap(0, sizeof calm, PROT_READ, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) weather = shared;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int failed = syscall(SYS_clock_gettime, clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanos = at->tv_nsec + weather->clock_ms % 1000 * 1000000;
        at->tv_sec += weather->clock_ms / 1000 + (nanos < 0 ? -1 : nanos / 1000000000);
        at->tv_nsec = nanos < 0 ? nanos + 1000000000 : nanos % 1000000000;
    }
    return failed;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

static void wait_for_the_disk(void) {
    int64_t ms = weather->sync_ms;
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0) nanosleep(&pause, 0);
}

int fsync(int file) {
    wait_for_the_disk();
    return syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    wait_for_the_disk();
    return syscall(SYS_fdatasync, file);
}
