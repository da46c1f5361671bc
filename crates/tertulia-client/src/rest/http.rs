//! As much of HTTP/1.1 as a client of REST needs: one request after the other on a connection that is kept.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Largest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Largest body of an answer, in bytes.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Most header lines of an answer.
const HEADERS_MAX: usize = 64;

/// A request as it is written.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub authority: &'a str,
    pub token: Option<&'a str>,
    pub key: Option<String>,
    pub body: Option<Vec<u8>>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// Whether the connection can be used again.
    pub keep: bool,
}

impl Request<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.path, self.authority);
        if let Some(token) = self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if let Some(key) = &self.key {
            head.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() {
            head.push_str("Content-Type: application/json\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    /// Writes the request and reads its answer.
    pub async fn exchange(&self, stream: &mut TcpStream) -> std::io::Result<Answer> {
        stream.write_all(&self.bytes()).await?;
        let mut buffer = Vec::with_capacity(4096);
        let (head, mut body) = loop {
            if let Some((head, length)) = parse_head(&buffer)? {
                break (head, buffer.split_off(length));
            }
            if buffer.len() > HEAD_BYTES_MAX {
                return Err(broken("the head of the answer is too large"));
            }
            more(stream, &mut buffer).await?;
        };
        match head.length {
            Length::Fixed(length) if length > BODY_BYTES_MAX => {
                return Err(broken("the answer is too large"));
            }
            Length::Fixed(length) => {
                while body.len() < length {
                    more(stream, &mut body).await?;
                }
                body.truncate(length);
            }
            Length::Chunked => body = read_chunks(stream, body).await?,
            Length::UntilClose => {
                stream.take(BODY_BYTES_MAX as u64).read_to_end(&mut body).await?;
            }
        }
        Ok(Answer {
            status: head.status,
            body,
            keep: head.keep && !matches!(head.length, Length::UntilClose),
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Length {
    Fixed(usize),
    Chunked,
    UntilClose,
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: Length,
    keep: bool,
}

/// The head and its length in bytes, once all of it is there.
fn parse_head(bytes: &[u8]) -> std::io::Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(broken("the answer is not HTTP")),
    };
    let status = response.code.unwrap_or(0);
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
    };
    let body = match (value("transfer-encoding"), value("content-length")) {
        _ if status == 204 || status == 304 => Length::Fixed(0),
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("chunked") => Length::Chunked,
        (_, Some(length)) => Length::Fixed(length.parse().map_err(|_| broken("the length is not a number"))?),
        _ => Length::UntilClose,
    };
    let keep = !value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some((Head { status, length: body, keep }, length)))
}

async fn read_chunks(stream: &mut TcpStream, mut rest: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(&rest) {
            Ok(httparse::Status::Complete((start, size))) => {
                let size = usize::try_from(size).ok().filter(|size| body.len() + size <= BODY_BYTES_MAX);
                let size = size.ok_or_else(|| broken("the answer is too large"))?;
                while rest.len() < start + size + 2 {
                    more(stream, &mut rest).await?;
                }
                body.extend_from_slice(&rest[start..start + size]);
                rest.drain(..start + size + 2);
                if size == 0 {
                    return Ok(body);
                }
            }
            Ok(httparse::Status::Partial) => more(stream, &mut rest).await?,
            Err(_) => return Err(broken("a chunk's size is not a number")),
        }
    }
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn broken(what: &'static str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn heads() {
        let head = |text: &str| parse_head(text.as_bytes()).unwrap().map(|(head, _)| head);
        assert_eq!(head("HTTP/1.1 200 OK\r\nContent-Len"), None);
        let fixed = Head { status: 201, length: Length::Fixed(7), keep: true };
        assert_eq!(head("HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\n"), Some(fixed));
        let none = Head { status: 204, length: Length::Fixed(0), keep: true };
        assert_eq!(head("HTTP/1.1 204 No Content\r\n\r\n"), Some(none));
        let open = Head { status: 200, length: Length::UntilClose, keep: false };
        assert_eq!(head("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), Some(open));
        assert!(parse_head(b"SSH-2.0-x\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn chunks_are_joined_however_they_come() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let text =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n3;x=y\r\n,3]\r\n0\r\n\r\n";
            for byte in text.as_bytes() {
                stream.write_all(&[*byte]).await.unwrap();
                stream.flush().await.unwrap();
            }
            String::from_utf8(request[..read].to_vec()).unwrap()
        });
        let mut stream = TcpStream::connect(address).await.unwrap();
        let body = Some(b"{}".to_vec());
        let key = Some("k".to_owned());
        let request =
            Request { method: "POST", path: "/v1/x", authority: "h:1", token: Some("t"), key, body };
        let answer = request.exchange(&mut stream).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.keep), (200, b"[1,2,3]".as_slice(), true));
        let seen = server.await.unwrap();
        assert!(seen.starts_with(
            "POST /v1/x HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer t\r\nIdempotency-Key: k\r\n"
        ));
        assert!(seen.ends_with("Content-Length: 2\r\n\r\n{}"));
    }
}
