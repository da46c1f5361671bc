// What the browser tests stand on: a server process of their own, people in browser contexts, and named steps that are
// counted. No test runner: the closing line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const shots = new URL('./shots/', import.meta.url).pathname;

/** How long anything on the screen may take, in ms. */
export const PATIENCE_MS = 10_000;

export class Server {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'tertulia-e2e-'));
  }

  async start() {
    this.port ??= await freePort();
    const [command, ...first] = (process.env.TERTULIA_BIN ?? '').split(' ');
    if (!command) throw new Error('TERTULIA_BIN names no server');
    this.process = spawn(command, [...first, 'serve', '--data', join(this.folder, 'data'), '--listen', `127.0.0.1:${this.port}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.output = '';
    const ready = new Promise((resolve, reject) => {
      const read = (chunk) => {
        this.output += chunk;
        const found = /listening on (http:\/\/\S+)/.exec(this.output);
        if (found) resolve(found[1]);
      };
      this.process.stdout.on('data', read);
      this.process.stderr.on('data', (chunk) => (this.output += chunk));
      this.process.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${this.output}`)));
    });
    ready.catch(() => {});
    this.url = await ready;
    return this.url;
  }

  /** The link that signs the first administrator in, as the server printed it. */
  get adminLink() {
    return /https?:\/\/\S*ticket=\S+/.exec(this.output)?.[0];
  }

  async kill(signal = 'SIGKILL') {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    await ended;
  }

  async stop() {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Runs steps one after the other; after a failed one the rest of its story is not worth running. */
export class Story {
  static passed = 0;
  static failed = 0;

  constructor(name, filter) {
    this.name = name;
    this.filter = filter;
    this.broken = false;
    this.people = [];
  }

  async step(name, run) {
    if (this.broken) {
      Story.failed++;
      console.log(`  - ${name}: left out after the failure above`);
      return;
    }
    const began = Date.now();
    try {
      await run();
      Story.passed++;
      console.log(`  ok ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      this.broken = true;
      Story.failed++;
      console.log(`  FAILED ${name}\n${String(error.stack ?? error).split('\n').slice(0, 12).join('\n')}`);
      await this.picture(name);
    }
  }

  async picture(name) {
    mkdirSync(shots, { recursive: true });
    for (const person of this.people) {
      const path = join(shots, `${this.name} ${name} ${person.name}.png`.replace(/[^\w.]+/g, '-'));
      await person.page.screenshot({ path }).catch(() => {});
      console.log(`    picture: ${path}`);
    }
  }
}

export async function openBrowser() {
  // A page that does not come from the server itself (see person.mjs) may not reach this machine otherwise.
  const more = process.env.TERTULIA_WEB ? ['--disable-features=LocalNetworkAccessChecks'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...args, ...more] });
}

export const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

export function same(have, want, what) {
  const [a, b] = [JSON.stringify(have), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}\n  have ${a}\n  want ${b}`);
}

/** Until it holds. */
export async function until(run, what, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (let last; ; ) {
    try {
      if (await run()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`never: ${what}${last ? `\n${last}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
