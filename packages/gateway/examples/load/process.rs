//! What the kernel accounts to a process (proc(5)).

use std::fs::{read_dir, read_to_string};

/// Processor time that the threads of a process used so far, system calls included, in microseconds.
pub fn cpu_us(pid: u32) -> f64 {
    let tasks = read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds: u64 = tasks
        .filter_map(|task| read_to_string(task.ok()?.path().join("schedstat")).ok())
        .map(|line| line.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    nanoseconds as f64 / 1000.0
}

/// Proportional set size of what a process wrote for itself (`Pss_Anon` of `smaps_rollup`): heap and stacks, in bytes.
pub fn anonymous_bytes(pid: u32) -> u64 {
    let text = read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss_Anon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
