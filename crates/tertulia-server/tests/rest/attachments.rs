//! Files: from an upload in parts to who may read them, and until nothing of them is left.

use std::{collections::BTreeSet, io::Cursor, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tertulia_core::{
    Nonce, RoomId,
    room::{Ask, Command},
};
use tertulia_server::{
    jobs::{Runner, Schedule},
    metrics::Metrics,
};
use tokio::io::AsyncWriteExt as _;

use crate::world::{Person, Reply, World, request};

const PART: &str = "application/offset+octet-stream";
const HOUR_MS: u64 = 60 * 60 * 1_000;

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = RgbImage::from_pixel(1_000, 500, Rgb([200, 30, 30]));
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    bytes
}

impl Person {
    async fn tus(
        &self,
        world: &World,
        method: &str,
        path: &str,
        headers: &[(&'static str, String)],
        body: &[u8],
    ) -> Reply {
        let own =
            [("authorization", format!("Bearer {}", self.token)), ("tus-resumable", "1.0.0".to_owned())];
        world.send(method, path, &[&own, headers].concat(), body).await
    }

    /// Begins an upload: where it is.
    async fn begin(&self, world: &World, name: &str, size: usize) -> String {
        let metadata = format!("filename {}", STANDARD.encode(name));
        let headers = [("upload-length", size.to_string()), ("upload-metadata", metadata)];
        let begun = self.tus(world, "POST", "/v1/uploads", &headers, b"").await;
        begun.expect(201);
        begun.header("location").unwrap().to_owned()
    }

    async fn part(&self, world: &World, at: &str, offset: usize, bytes: &[u8]) -> Reply {
        let headers = [("upload-offset", offset.to_string()), ("content-type", PART.to_owned())];
        self.tus(world, "PATCH", at, &headers, bytes).await
    }

    /// Uploads a file: what `GET` tells of it when it is settled.
    pub async fn upload(&self, world: &World, name: &str, bytes: &[u8]) -> Value {
        let at = self.begin(world, name, bytes.len()).await;
        assert_eq!(self.part(world, &at, 0, bytes).await.status, 204);
        self.get(world, &format!("{at}?wait_ms=20000")).await.expect(200)
    }

    /// Says something with files: the message's number.
    pub async fn send_files(&self, world: &World, room: RoomId, uploads: &[&Value]) -> u64 {
        let ids: Vec<&Value> = uploads.iter().map(|upload| &upload["id"]).collect();
        let message = json!({"text": "", "attachments": ids});
        let said = self.post(world, &format!("/v1/rooms/{room}/messages"), message).await;
        said.expect(201)["msg_id"].as_u64().unwrap()
    }

    async fn file(&self, world: &World, room: RoomId, seq: u64, rest: &str) -> Reply {
        self.get(world, &format!("/v1/rooms/{room}/messages/{seq}/attachments/{rest}")).await
    }
}

/// Deletes a message, as its owner is asked to by the socket.
async fn delete(world: &World, person: &Person, room: RoomId, seq: u64) {
    let command = Command::Delete { of: seq, reason: None };
    let ask = Ask { actor: person.id, nonce: Nonce(7), since: None, command };
    world.server.rooms().ask(room, ask).await.unwrap();
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every file in the store, by its name.
fn stored(world: &World) -> BTreeSet<String> {
    let folder = world.files.path().join("files");
    let mut names = BTreeSet::new();
    for part in ["staged", "blobs"] {
        for found in std::fs::read_dir(folder.join(part)).unwrap() {
            let found = found.unwrap().path();
            let inside = if found.is_dir() {
                std::fs::read_dir(&found).unwrap().map(|file| file.unwrap().path()).collect()
            } else {
                vec![found]
            };
            names.extend(inside.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()));
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_travels_from_one_person_to_another() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let bytes = png();
    let at = amaia.begin(&world, "../photo.png", bytes.len()).await;
    let (first, second) = bytes.split_at(1_000);
    assert_eq!(amaia.part(&world, &at, 0, first).await.header("upload-offset"), Some("1000"));
    let head = amaia.tus(&world, "HEAD", &at, &[], b"").await;
    assert_eq!((head.header("upload-offset"), head.status), (Some("1000"), 200));
    assert_eq!(amaia.get(&world, &at).await.expect(200)["state"], "receiving");
    amaia.part(&world, &at, 1_000, second).await.expect(204);
    let upload = amaia.get(&world, &format!("{at}?wait_ms=20000")).await.expect(200);
    let attachment = &upload["attachment"];
    assert_eq!(
        (&upload["state"], &attachment["name"], &attachment["type"], &attachment["kind"]),
        (&json!("ready"), &json!("photo.png"), &json!("image/png"), &json!("image"))
    );
    assert_eq!(
        (&attachment["width"], &attachment["height"], &attachment["hash"]),
        (&json!(1_000), &json!(500), &json!(hash(&bytes)))
    );
    assert_eq!(
        (&attachment["thumb"]["width"], &attachment["thumb"]["type"]),
        (&json!(640), &json!("image/jpeg"))
    );

    let seq = amaia.send_files(&world, room, &[&upload]).await;
    let page = bo.get(&world, &format!("/v1/rooms/{room}/timeline?after={}", seq - 1)).await.expect(200);
    assert_eq!(&page["items"][0]["attachments"][0], attachment);
    let file = bo.file(&world, room, seq, "0").await;
    assert_eq!(
        (file.status, file.body == bytes, file.header("content-type")),
        (200, true, Some("image/png"))
    );
    assert_eq!(
        file.header("content-disposition"),
        Some("inline; filename=\"photo.png\"; filename*=UTF-8''photo.png")
    );
    assert!(file.header("content-security-policy").unwrap().starts_with("sandbox"));
    let small = bo.file(&world, room, seq, "0/thumb").await;
    assert_eq!(json!(small.body.len()), attachment["thumb"]["size"]);
    for missing in ["1", "1/thumb", "255"] {
        bo.file(&world, room, seq, missing).await.expect_problem(404, "not_found");
    }
    bo.file(&world, room, seq - 1, "0").await.expect_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_file_can_be_asked_for() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    let upload = amaia.upload(&world, "ten.bin", b"\x000123456789").await;
    let seq = amaia.send_files(&world, room, &[&upload]).await;
    let path = format!("/v1/rooms/{room}/messages/{seq}/attachments/0");
    let whole = amaia.get(&world, &path).await;
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!(
        (whole.header("content-type"), whole.header("accept-ranges")),
        (Some("application/octet-stream"), Some("bytes"))
    );
    let ask = async |method: &str, headers: &[(&'static str, String)]| {
        amaia.tus(&world, method, &path, headers, b"").await
    };
    for (range, status, body) in [
        ("bytes=1-3", 206, &b"012"[..]),
        ("bytes=9-", 206, b"89"),
        ("bytes=-2", 206, b"89"),
        ("bytes=0-0,2-3", 200, b"\x000123456789"),
    ] {
        let reply = ask("GET", &[("range", range.to_owned())]).await;
        assert_eq!((reply.status, &reply.body[..]), (status, body), "{range}");
    }
    let part = ask("GET", &[("range", "bytes=1-3".to_owned()), ("if-range", tag.clone())]).await;
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 1-3/11")));
    assert_eq!(
        ask("GET", &[("range", "bytes=1-3".to_owned()), ("if-range", "\"x\"".to_owned())]).await.status,
        200
    );
    assert_eq!(ask("GET", &[("if-none-match", tag)]).await.status, 304);
    ask("GET", &[("range", "bytes=11-".to_owned())]).await.expect_problem(416, "invalid");
    let head = ask("HEAD", &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("11")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_run_is_saved_and_never_shown() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    for (name, content) in [
        ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("photo.png", "<!doctype html><script>alert(1)</script>"),
        ("b.html\r\nset-cookie: a=b", "<html>"),
    ] {
        let upload = amaia.upload(&world, name, content.as_bytes()).await;
        assert_eq!(
            (&upload["attachment"]["kind"], &upload["attachment"]["type"]),
            (&json!("file"), &json!("text/plain"))
        );
        let seq = amaia.send_files(&world, room, &[&upload]).await;
        let file = amaia.file(&world, room, seq, "0").await;
        assert_eq!(file.header("content-type"), Some("application/octet-stream"), "{name}");
        assert!(file.header("content-disposition").unwrap().starts_with("attachment; "), "{name}");
        assert_eq!(
            (file.header("x-content-type-options"), file.header("set-cookie")),
            (Some("nosniff"), None)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_lives_a_minute_and_dies_with_the_right_to_read() {
    let world = World::start().await;
    let (amaia, bo, cleo) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cleo").await);
    let room = world.group(&amaia, &[&bo, &cleo]).await;
    let upload = amaia.upload(&world, "photo.png", &png()).await;
    let seq = amaia.send_files(&world, room, &[&upload]).await;
    let wish = json!({"items": [{"seq": seq, "index": 0}, {"seq": seq, "index": 0, "thumb": true}, {"seq": seq, "index": 9}]});
    let links = format!("/v1/rooms/{room}/attachments/links");
    let made = async |person: &Person| person.post(&world, &links, wish.clone()).await.expect(200);
    let url = |made: &Value, index: usize| made["items"][index]["url"].as_str().unwrap().to_owned();
    let follow = async |url: &str| world.call("GET", url, None, None).await;

    let (of_bo, of_cleo, of_amaia) = (made(&bo).await, made(&cleo).await, made(&amaia).await);
    assert_eq!(of_bo["items"][2]["error"], "not_found");
    for index in [0, 1] {
        assert_eq!(follow(&url(&of_bo, index)).await.status, 200);
    }
    amaia.put(&world, &format!("/v1/rooms/{room}/bans/{}", bo.id), json!({})).await.expect(204);
    for index in [0, 1] {
        let banned = follow(&url(&of_bo, index)).await;
        assert!(matches!(banned.status, 403 | 404), "{}", banned.text());
    }
    assert!(matches!(bo.post(&world, &links, wish.clone()).await.status, 403 | 404));
    assert!(matches!(bo.file(&world, room, seq, "0").await.status, 403 | 404));

    cleo.delete(&world, "/v1/sessions/current").await.expect(204);
    assert_eq!(follow(&url(&of_cleo, 0)).await.status, 403, "signed out");
    world.clock.advance(60_000);
    assert_eq!(follow(&url(&of_amaia, 0)).await.status, 404, "a minute is over");
    let fresh = made(&amaia).await;
    assert_eq!(follow(&url(&fresh, 0)).await.status, 200);
    let forged = url(&fresh, 0).replace("/v1/files/A", "/v1/files/B");
    assert_eq!(follow(&forged).await.status, 404);
    delete(&world, &amaia, room, seq).await;
    follow(&url(&fresh, 0)).await.expect_problem(410, "message_deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_uploads_are_refused_and_leave_nothing() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    world.set_limits(|limits| (limits.attachment_bytes, limits.uploads_per_user) = (2_000, 2)).await;
    let begin = async |headers: &[(&'static str, String)]| {
        amaia.tus(&world, "POST", "/v1/uploads", headers, b"").await
    };
    let of = |length: &str| ("upload-length", length.to_owned());
    let too_large = begin(&[of("2001")]).await.expect_problem(413, "too_large");
    assert_eq!((&too_large["field"], &too_large["bound"]), (&json!("Upload-Length"), &json!(2_000)));
    for (headers, status) in [
        (vec![], 422),
        (vec![of("-1")], 422),
        (vec![of("1"), ("upload-metadata", "filename ?".to_owned())], 422),
        (vec![of("1"), ("upload-metadata", format!("kind {}", STANDARD.encode("film")))], 422),
        (vec![of("1"), ("upload-metadata", format!("kind {}", STANDARD.encode("voice")))], 422),
        (vec![("tus-resumable", "0.2.2".to_owned()), of("1")], 201),
    ] {
        assert_eq!(begin(&headers).await.status, status, "{headers:?}");
    }
    let options = world.call("OPTIONS", "/v1/uploads", None, None).await;
    assert_eq!(
        (options.header("tus-max-size"), options.header("tus-version")),
        (Some("2000"), Some("1.0.0"))
    );

    let at = amaia.begin(&world, "a.txt", 10).await;
    begin(&[of("1")]).await.expect_problem(409, "limit_reached");
    let conflict = amaia.part(&world, &at, 3, b"abc").await.expect_problem(409, "conflict");
    assert_eq!((&conflict["value"], &conflict["bound"]), (&json!(3), &json!(0)));
    let wrong = [
        ("upload-offset", "0".to_owned()),
        ("content-type", PART.to_owned()),
        ("upload-checksum", format!("sha256 {}", STANDARD.encode([0; 32]))),
    ];
    assert_eq!(amaia.tus(&world, "PATCH", &at, &wrong, b"abc").await.status, 460);
    let right = format!("sha256 {}", STANDARD.encode(Sha256::digest(b"abc")));
    let right =
        [("upload-offset", "0".to_owned()), ("content-type", PART.to_owned()), ("upload-checksum", right)];
    assert_eq!(amaia.tus(&world, "PATCH", &at, &right, b"abc").await.header("upload-offset"), Some("3"));
    let plain = [("upload-offset", "3".to_owned()), ("content-type", "text/plain".to_owned())];
    assert_eq!(amaia.tus(&world, "PATCH", &at, &plain, b"def").await.status, 415);
    assert_eq!(
        amaia.part(&world, &at, 3, b"defghijKLM").await.header("upload-offset"),
        Some("10"),
        "not more than announced"
    );

    assert_eq!(bo.get(&world, &at).await.status, 404, "somebody else's");
    assert_eq!(bo.tus(&world, "DELETE", &at, &[], b"").await.status, 404);
    let room = world.group(&bo, &[]).await;
    let id = at.rsplit('/').next().unwrap();
    let theirs = json!({"text": "look", "attachments": [id]});
    let refused =
        bo.post(&world, &format!("/v1/rooms/{room}/messages"), theirs).await.expect_problem(404, "not_found");
    assert_eq!((&refused["field"], &refused["value"]), (&json!("attachments"), &json!(id)));
    amaia.tus(&world, "DELETE", &at, &[], b"").await.expect(204);
    assert_eq!(amaia.get(&world, &at).await.status, 404);
    // The one that was begun under another version of the protocol.
    assert_eq!(stored(&world).iter().filter(|name| name.len() < 30).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_cut_goes_on_where_it_stopped() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 253) as u8).collect();
    let at = amaia.begin(&world, "a.bin", bytes.len()).await;
    let headers = [
        ("authorization", format!("Bearer {}", amaia.token)),
        ("upload-offset", "0".to_owned()),
        ("content-type", PART.to_owned()),
    ];
    let whole = request("PATCH", &at, &headers, &bytes, "close");
    let mut stream = tokio::net::TcpStream::connect(world.server.address()).await.unwrap();
    stream.write_all(&whole[..whole.len() - 50_000]).await.unwrap();
    drop(stream);
    let mut offset = 0;
    for _ in 0..200 {
        let head = amaia.tus(&world, "HEAD", &at, &[], b"").await;
        offset = head.header("upload-offset").unwrap().parse().unwrap();
        if offset == bytes.len() - 50_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(offset, bytes.len() - 50_000);
    let mut reply = amaia.part(&world, &at, offset, &bytes[offset..]).await;
    for _ in 0..200 {
        if reply.status != 423 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply = amaia.part(&world, &at, offset, &bytes[offset..]).await;
    }
    reply.expect(204);
    let upload = amaia.get(&world, &format!("{at}?wait_ms=20000")).await.expect(200);
    assert_eq!(upload["attachment"]["hash"], hash(&bytes));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_that_lie_are_refused() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    let mut cut = png();
    cut.truncate(200);
    let upload = amaia.upload(&world, "cut.png", &cut).await;
    assert_eq!((&upload["state"], &upload["reason"]), (&json!("refused"), &json!("the picture is damaged")));
    let message = json!({"text": "look", "attachments": [upload["id"]]});
    let say = format!("/v1/rooms/{room}/messages");
    amaia.post(&world, &say, message).await.expect_problem(422, "upload_refused");
    assert!(stored(&world).is_empty(), "{:?}", stored(&world));
    let at = amaia.begin(&world, "a.txt", 10).await;
    let message = json!({"text": "look", "attachments": [at.rsplit('/').next().unwrap()]});
    amaia.post(&world, &say, message).await.expect_problem(409, "upload_unfinished");
    let many: Vec<String> = (1..=11).map(|id| id.to_string()).collect();
    let problem = amaia
        .post(&world, &say, json!({"text": "x", "attachments": many}))
        .await
        .expect_problem(422, "invalid");
    assert_eq!((&problem["field"], &problem["bound"]), (&json!("attachments"), &json!(10)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_what_nobody_has() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let (one, other) = (world.group(&amaia, &[&bo]).await, world.group(&bo, &[]).await);
    let shared = b"shared by two rooms";
    let (mine, theirs) = (amaia.upload(&world, "a", shared).await, bo.upload(&world, "b", shared).await);
    let lone = amaia.upload(&world, "c", b"only here").await;
    let unused = amaia.upload(&world, "d", b"in no message").await;
    let begun = amaia.begin(&world, "e", 100).await;
    amaia.part(&world, &begun, 0, b"the beginning").await.expect(204);
    let seq = amaia.send_files(&world, one, &[&mine, &lone]).await;
    let there = bo.send_files(&world, other, &[&theirs]).await;
    std::fs::write(world.files.path().join("files/staged/0000000000000000042"), b"left by a crash").unwrap();
    let runner = Runner::new(
        world.ports.clone(),
        world.server.rooms().clone(),
        "n".to_owned(),
        Arc::new(Metrics::default()),
        Schedule::default(),
    );
    let hashes = |world: &World| -> BTreeSet<String> {
        stored(world).into_iter().map(|name| name.split('-').next().unwrap().to_owned()).collect()
    };
    let kept = |contents: &[&[u8]]| contents.iter().map(|content| hash(content)).collect::<BTreeSet<_>>();
    runner.run_once().await;
    assert_eq!(hashes(&world).len(), 5, "shared content is stored once: {:?}", hashes(&world));

    // A day later: uploads are over, and what messages have stays.
    for _ in 0..26 {
        world.clock.advance(HOUR_MS);
        runner.run_once().await;
    }
    assert_eq!(unused["state"], "ready");
    assert_eq!(hashes(&world), kept(&[shared, b"only here"]));
    delete(&world, &amaia, one, seq).await;
    runner.run_once().await;
    assert_eq!(hashes(&world), kept(&[shared]), "another room has it");
    assert_eq!(bo.file(&world, other, there, "0").await.body, shared);
    bo.delete(&world, &format!("/v1/rooms/{other}")).await.expect(204);
    for _ in 0..100 {
        runner.run_once().await;
        if hashes(&world).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(hashes(&world), kept(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_counts_for_who_made_it() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    let upload = amaia.upload(&world, "a.txt", b"hello").await;
    let seq = amaia.send_files(&world, room, &[&upload]).await;
    let wish = json!({"items": [{"seq": seq, "index": 0}]});
    let made = amaia.post(&world, &format!("/v1/rooms/{room}/attachments/links"), wish).await.expect(200);
    let url = made["items"][0]["url"].as_str().unwrap();
    let office = [("x-forwarded-for", "203.0.113.9".to_owned())];
    let mut status = 200;
    for _ in 0..600 {
        status = world.send("GET", "/v1/server", &office, b"").await.status;
        if status == 429 {
            break;
        }
    }
    assert_eq!(status, 429, "others behind that address have asked too much");
    assert_eq!(world.send("GET", url, &office, b"").await.body, b"hello");
    let forged = format!("{url}A");
    assert_eq!(
        world.send("GET", &forged, &office, b"").await.status,
        429,
        "what is no link counts for the address"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_tells_how_long_it_is_and_not_where() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    let part = |kind: &[u8; 4], content: &[u8]| {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    };
    let mut times = vec![0; 100];
    times[12..16].copy_from_slice(&1_000_u32.to_be_bytes());
    times[16..20].copy_from_slice(&2_500_u32.to_be_bytes());
    let film = [
        part(b"ftyp", b"isom\0\0\0\0"),
        part(b"mdat", &vec![9; 700_000]),
        part(b"moov", &[part(b"mvhd", &times), part(b"udta", b"+43.26-002.93/")].concat()),
        part(b"uuid", b"more of where"),
    ]
    .concat();
    let upload = amaia.upload(&world, "sea.mp4", &film).await;
    let attachment = &upload["attachment"];
    assert_eq!(
        (&attachment["kind"], &attachment["type"], &attachment["duration_ms"]),
        (&json!("video"), &json!("video/mp4"), &json!(2_500))
    );
    let seq = amaia.send_files(&world, room, &[&upload]).await;
    let file = amaia.file(&world, room, seq, "0").await.body;
    assert_eq!((file.len(), json!(hash(&file))), (film.len(), attachment["hash"].clone()));
    for told in [&b"+43.26"[..], b"where"] {
        assert!(!file.windows(told.len()).any(|window| window == told));
    }
    assert_eq!(stored(&world).len(), 1, "nothing is left beside it: {:?}", stored(&world));
}
