//! A mail server on this machine: enough of SMTP to take a message, or to refuse it.

use base64::Engine as _;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub struct MailServer {
    port: u16,
    /// Who may send: name and password.
    accounts: Option<(String, String)>,
    /// What it says to a recipient; empty: it takes them.
    refusal: Arc<Mutex<String>>,
    taken: Arc<Mutex<Vec<Mail>>>,
    tried: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: String,
    /// As it came.
    pub raw: String,
}

impl Mail {
    /// A header's value, with its continuation lines.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.raw.split_once("\r\n\r\n")?;
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    }

    /// The names of the message's own headers.
    pub fn headers(&self) -> Vec<String> {
        let (head, _) = self.raw.split_once("\r\n\r\n").expect("a head");
        let begins = |line: &&str| !line.starts_with([' ', '\t']);
        head.lines().filter(begins).map(|l| l.split(':').next().unwrap_or_default().to_owned()).collect()
    }

    /// All of it, without the soft line breaks of quoted-printable.
    pub fn text(&self) -> String {
        self.raw.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")
    }
}

impl MailServer {
    pub async fn start(accounts: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let accounts = accounts.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let server = Self { port, accounts, ..Self::default() };
        let all = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let one = all.clone();
                // A client that goes away is no matter.
                tokio::spawn(async move { one.talk(stream).await.ok() });
            }
        });
        server
    }

    pub fn url(&self, account: Option<(&str, &str)>) -> String {
        let who = account.map_or_else(String::new, |(user, password)| format!("{user}:{password}@"));
        format!("smtp://{who}127.0.0.1:{}", self.port)
    }

    pub fn refuses(&self, words: &str) {
        words.clone_into(&mut self.refusal.lock().expect("unpoisoned"));
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.taken.lock().expect("unpoisoned").clone()
    }

    /// Who was asked for, also where it was refused.
    pub fn recipients(&self) -> Vec<String> {
        self.tried.lock().expect("unpoisoned").clone()
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read);
        write.write_all(b"220 mail.example ESMTP\r\n").await?;
        let (mut from, mut to) = (String::new(), String::new());
        let mut known = self.accounts.is_none();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let (word, rest) = line.split_once([' ', ':']).unwrap_or((line, ""));
            let answer = match word.to_ascii_uppercase().as_str() {
                "EHLO" if self.accounts.is_some() => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN".to_owned(),
                "EHLO" => "250-mail.example\r\n250 8BITMIME".to_owned(),
                "AUTH" => {
                    known = self.accounts.as_ref().is_some_and(|(user, password)| {
                        let given = rest.strip_prefix("PLAIN ").unwrap_or_default();
                        let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap_or_default();
                        given == format!("\0{user}\0{password}").into_bytes()
                    });
                    let (yes, no) = ("235 welcome", "535 5.7.8 wrong name or password");
                    (if known { yes } else { no }).to_owned()
                }
                "MAIL" if !known => "530 5.7.0 who are you?".to_owned(),
                "MAIL" => {
                    from = between(rest);
                    "250 so it is".to_owned()
                }
                "RCPT" => {
                    to = between(rest);
                    self.tried.lock().expect("unpoisoned").push(to.clone());
                    let refusal = self.refusal.lock().expect("unpoisoned").clone();
                    if refusal.is_empty() { "250 known".to_owned() } else { refusal }
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut raw = Vec::new();
                    while !raw.ends_with(b"\r\n.\r\n") {
                        raw.push(lines.read_u8().await?);
                    }
                    raw.truncate(raw.len() - 3);
                    let raw = String::from_utf8_lossy(&raw).into_owned();
                    self.taken.lock().expect("unpoisoned").push(Mail { from: from.clone(), to: to.clone(), raw });
                    "250 taken".to_owned()
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 as you like".to_owned(),
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
}

/// What stands between `<` and `>`.
fn between(text: &str) -> String {
    text.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
