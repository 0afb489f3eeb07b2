//! After loss of power, as after a crash: what the server wrote and did not bring to the disk is gone.
//!
//! The disk is a file with an ext4 of its own, which only root can mount. It is shut down as the
//! tests of Linux' file systems do it, without its journal's last words: what is not on the disk
//! then never comes there. What a disk itself keeps for later is not lost so.

use crate::cluster::{Cluster, Server};
use crate::crash::{options, outlives};
use crate::deadline::eventually;
use crate::knob::knob;
use crate::servers::{is_gone, processes_in};
use std::path::PathBuf;
use std::process::Command;

const SIZE: u64 = 2 << 30;
/// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, of Linux' fs/ext4/ext4.h.
const SHUT_DOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/// A disk that can be cut off, unmounted when dropped.
struct Disk {
    file: String,
    directory: String,
}

fn run(command: &[&str]) -> bool {
    let output = Command::new(command[0]).args(&command[1..]).output();
    output.is_ok_and(|output| output.status.success())
}

impl Disk {
    /// One in the cluster's directory, with the cluster's data, if we may mount it.
    fn under(cluster: &Cluster) -> Option<Self> {
        let (file, directory) = (cluster.path("disk.ext4"), cluster.path("disk"));
        std::fs::File::create(&file).expect("a file").set_len(SIZE).expect("room");
        std::fs::create_dir(&directory).expect("a directory");
        let disk = Disk { file, directory };
        if !run(&["mkfs.ext4", "-q", "-F", &disk.file]) || !disk.mount() {
            println!("no file system can be mounted here: nothing to test");
            return None;
        }
        let (data, there) = (cluster.path("data"), format!("{}/data", disk.directory));
        assert!(run(&["mv", &data, &there]) && run(&["ln", "-s", &there, &data]));
        Some(disk)
    }

    fn mount(&self) -> bool {
        run(&["mount", "-o", "loop", &self.file, &self.directory])
    }

    /// Cuts it off with all that is not on it, and the server with it; it is there again then.
    fn cut_power(&self, cluster: &Cluster) {
        let postmaster = cluster.postmaster();
        let data = PathBuf::from(format!("{}/data", self.directory));
        let data = data.canonicalize().expect("a data directory");
        assert!(run(&["python3", "-c", SHUT_DOWN, &self.directory]), "shut down");
        eventually("the processes of a server without a disk are gone", || {
            let pids = processes_in(&data);
            Command::new("kill").arg("-KILL").args(&pids).output().expect("kill");
            pids.is_empty() && is_gone(&postmaster)
        });
        eventually("nobody uses the disk", || run(&["umount", &self.directory]));
        assert!(self.mount(), "mounted again");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.directory).status();
        println!("{} unmounted: {unmounted:?}", self.directory);
    }
}

#[test]
fn nothing_acknowledged_is_lost_with_the_power() {
    let cluster = Cluster::make(&Server::tested(), "power", &options(), &[]);
    let Some(disk) = Disk::under(&cluster) else { return };
    // What initdb wrote without bringing it to the disk.
    assert!(run(&["sync", "--file-system", &disk.directory]));
    cluster.start_again();
    outlives(&cluster, knob("IMGSMLR_RS_ROUNDS", 5), &|_| disk.cut_power(&cluster));
    cluster.stop("fast");
}
