//! Fetching official image files with `curl`, which the system has or the message asks for: no network code is compiled into the crate.

use super::archive::unpack;
use super::set::{ImageSet, Online, SetFile};
use super::source::Mirror;
use super::stream::{self, damaged};
use crate::error::{Error, Result};
use crate::experiment::interrupted;
use std::fs;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One download at a time: seeds run in parallel, and all want the same files.
static ONE: Mutex<()> = Mutex::new(());

/// Brings the files of `set` into `folder`. Only files with the known hash get their final names.
pub(super) fn fetch(set: ImageSet, online: &Online, mirror: &Mirror, folder: &Path) -> Result<()> {
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let files = set.files();
    let there = |f: &SetFile| {
        ["", ".gz"]
            .iter()
            .any(|end| folder.join(format!("{}{end}", f.name)).is_file())
    };
    if files.iter().all(there) {
        return Ok(()); // another thread was first
    }
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    // In the folder itself: the files move there by renaming.
    let scratch = tempfile::tempdir_in(folder).map_err(|e| Error::io(folder, e))?;
    let base = |official: &str| match mirror {
        Mirror::Official => official.to_string(),
        Mirror::At(url) => url.trim_end_matches('/').to_string(),
    };
    match online {
        Online::Files(official) => {
            for file in &files {
                let name = format!("{}.gz", file.name);
                let part = scratch.path().join(&name);
                curl(&format!("{}/{name}", base(official)), &part)?;
                compare(&stream::digest(&part)?, file.sha256, &name)?;
                rename(&part, &folder.join(&name))?;
            }
        }
        Online::Archive(official, name, sha256) => {
            let part = scratch.path().join(name);
            curl(&format!("{}/{name}", base(official)), &part)?;
            compare(&stream::digest_as_is(&part)?, sha256, name)?;
            unpack(&mut stream::open(&part)?, &part, &files, scratch.path())?;
            for file in &files {
                let part = scratch.path().join(file.name);
                compare(&stream::digest(&part)?, file.sha256, file.name)?;
                rename(&part, &folder.join(file.name))?;
            }
        }
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io(to, e))
}

fn compare(found: &str, expected: &str, name: &str) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(damaged(
            Path::new(name),
            format!("has SHA-256 {found}, and {expected} was expected; nothing of it was kept"),
        )),
    }
}

/// `curl` in a process of its own, with how much has come on standard error.
fn curl(url: &str, to: &Path) -> Result<()> {
    let cannot = |why: String| Error::io(Path::new(url), std::io::Error::other(why));
    let mut child = Command::new("curl")
        .args(["--fail", "--location", "--silent", "--show-error"])
        .args([
            "--connect-timeout",
            "15",
            "--speed-limit",
            "1000",
            "--speed-time",
            "60",
        ])
        .arg("--output")
        .arg(to)
        .arg(url)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| cannot(format!("curl cannot be started ({e}); install curl")))?;
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let (begin, mut shown) = (Instant::now(), Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| cannot(e.to_string()))? {
            break status;
        }
        if interrupted() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(cannot("stopped by the user".into()));
        }
        if shown.elapsed() > Duration::from_secs(1) {
            shown = Instant::now();
            progress(&name, to, begin, false);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    if !status.success() {
        let mut why = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            let _ = stderr.read_to_string(&mut why);
        }
        return Err(cannot(why.trim().to_string()));
    }
    progress(&name, to, begin, true);
    Ok(())
}

/// One line that is written over on a terminal; elsewhere only the last one.
fn progress(name: &str, path: &Path, begin: Instant, done: bool) {
    let mut out = std::io::stderr().lock();
    let (start, end) = match (out.is_terminal(), done) {
        (true, false) => ("\r", ""),
        (true, true) => ("\r", "\n"),
        (false, true) => ("", "\n"),
        (false, false) => return,
    };
    let bytes = fs::metadata(path).map_or(0, |m| m.len()) as f64;
    let seconds = begin.elapsed().as_secs_f64();
    let _ = write!(
        out,
        "{start}{name}: {:.1} MB in {seconds:.0} s{end}",
        bytes / 1e6
    );
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::super::archive::tests::tar;
    use super::*;

    /// Serves the digits' files over HTTP on this machine, `cut` of each answer's bytes missing, until the test ends.
    fn serve(cut: usize) -> String {
        use std::io::{BufRead, BufReader};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let line = lines.next().unwrap().unwrap();
                // The request is read to its end: a socket closed before that is reset.
                while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
                let name = line.split(' ').nth(1).unwrap().rsplit('/').next().unwrap();
                match fs::read(shipped().join(name)) {
                    Ok(bytes) => {
                        let head =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
                        stream.write_all(head.as_bytes()).unwrap();
                        stream.write_all(&bytes[..bytes.len() - cut]).unwrap();
                    }
                    Err(_) => stream
                        .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                        .unwrap(),
                }
            }
        });
        format!("http://{address}/sets/")
    }

    fn shipped() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sets/digits-8x8")
    }

    const ONE_BY_ONE: Online = Online::Files("unused:");

    fn fetched(set: ImageSet, online: &Online, url: String) -> (tempfile::TempDir, Result<()>) {
        let folder = tempfile::tempdir().unwrap();
        let result = fetch(
            set,
            online,
            &Mirror::At(url),
            &folder.path().join(set.name()),
        );
        (folder, result)
    }

    #[test]
    fn files_come_from_a_server_and_are_those_that_were_sent() {
        let set = ImageSet::Digits8x8;
        let url = format!("file://{}", shipped().display());
        for url in [serve(0), url] {
            let (folder, result) = fetched(set, &ONE_BY_ONE, url);
            result.unwrap();
            let folder = folder.path().join(set.name());
            let names: Vec<_> = fs::read_dir(&folder).unwrap().collect();
            assert_eq!(names.len(), 4);
            for file in set.files() {
                let name = format!("{}.gz", file.name);
                assert_eq!(
                    fs::read(folder.join(&name)).unwrap(),
                    fs::read(shipped().join(&name)).unwrap()
                );
            }
            // Nothing is asked of a place that is not there when all is there.
            fetch(set, &ONE_BY_ONE, &Mirror::At("none:".into()), &folder).unwrap();
        }
    }

    #[test]
    fn a_failed_download_says_why_and_leaves_nothing() {
        let refused = |set: ImageSet, url: String, part: &str| {
            let (folder, result) = fetched(set, &ONE_BY_ONE, url);
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
            let left = fs::read_dir(folder.path().join(set.name()))
                .unwrap()
                .count();
            assert_eq!(left, 0, "{message}");
        };
        let digits = ImageSet::Digits8x8;
        // Other images under the right names.
        refused(ImageSet::Mnist, serve(0), "ba891046");
        refused(digits, serve(7), "curl: (18)");
        refused(digits, "nohttp://localhost".into(), "curl: (1)");
        refused(digits, "file:///nowhere".into(), "curl: (37)");
        let cifar = ImageSet::Cifar10;
        let (_folder, result) = fetched(cifar, &cifar.online().unwrap(), serve(0));
        assert!(result.unwrap_err().to_string().contains("404"));
    }

    #[test]
    fn an_archive_is_compared_unpacked_and_compared_again() {
        use flate2::{Compression, write::GzEncoder};
        let set = ImageSet::Digits8x8;
        let mut archive = Vec::new();
        for file in set.files() {
            let mut content = Vec::new();
            let mut source = stream::open(&shipped().join(format!("{}.gz", file.name))).unwrap();
            source.read_to_end(&mut content).unwrap();
            let name = format!("set/{}", file.name);
            let start = tar(&[(&name, b'0', content.len())]);
            archive.extend_from_slice(&start[..512]);
            archive.extend(content);
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
        archive.extend([0; 1024]);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&archive).unwrap();
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("set.tar.gz");
        fs::write(&path, packed.finish().unwrap()).unwrap();
        let url = format!("file://{}", place.path().display());
        let sha256: &'static str = stream::digest_as_is(&path).unwrap().leak();
        let online = Online::Archive("unused:", "set.tar.gz", sha256);
        let (folder, result) = fetched(set, &online, url.clone());
        result.unwrap();
        let sizes = set
            .files()
            .iter()
            .map(|f| {
                fs::metadata(folder.path().join(set.name()).join(f.name))
                    .unwrap()
                    .len()
            })
            .collect::<Vec<_>>();
        assert_eq!(sizes, [91_984, 1445, 23_056, 368]);
        let other = Online::Archive("unused:", "set.tar.gz", "00");
        let message = fetched(set, &other, url.clone()).1.unwrap_err().to_string();
        assert!(message.contains(sha256), "{message}");
        let message = fetched(ImageSet::Mnist, &online, url)
            .1
            .unwrap_err()
            .to_string();
        assert!(message.contains("ba891046"), "{message}");
    }
}
