use super::*;

fn balance(weights: &[u64]) -> Arc<Balance> {
    Balance::new(weights.iter().copied())
}

/// Where `count` requests go, one after the other.
fn shares(balance: &Arc<Balance>, count: usize, now: Instant) -> Vec<usize> {
    let servers = balance.lock().len();
    let mut shares = vec![0; servers];
    for _ in 0..count {
        shares[balance.take(&[], now).unwrap().index()] += 1;
    }
    shares
}

#[test]
fn requests_after_each_other_are_shared_by_weight_and_mixed() {
    let balance = balance(&[5, 1, 1]);
    let now = Instant::now();
    let order: Vec<_> = (0..7).map(|_| balance.take(&[], now).unwrap().index()).collect();
    assert_eq!(order, [0, 0, 1, 0, 2, 0, 0], "smooth: no server gets its share in one run");
    assert_eq!(shares(&balance, 700, now), [500, 100, 100]);
}

#[test]
fn requests_at_once_go_where_the_fewest_are_open_for_the_weight() {
    let balance = balance(&[3, 1]);
    let now = Instant::now();
    let open: Vec<_> = (0..8).map(|_| balance.take(&[], now).unwrap()).collect();
    let at = |index| open.iter().filter(|assignment| assignment.index() == index).count();
    assert_eq!((at(0), at(1)), (6, 2));
    // Long answers stay at the second server: it gets none until the first has its share of what is open.
    let (long, short): (Vec<_>, Vec<_>) = open.into_iter().partition(|assignment| assignment.index() == 1);
    drop(short);
    let next: Vec<_> = (0..6).map(|_| balance.take(&[], now).unwrap()).collect();
    assert!(next.iter().take(5).all(|assignment| assignment.index() == 0), "six times as long as the weight says");
    drop(long);
}

#[test]
fn a_server_that_failed_is_out_for_a_time_that_grows_and_is_bounded() {
    let balance = balance(&[1, 1]);
    let mut now = Instant::now();
    let mut times = Vec::new();
    for attempt in 0..8 {
        // The one whose assignment is at the first server.
        let assignment = loop {
            let assignment = balance.take(&[], now).unwrap();
            if assignment.index() == 0 {
                break assignment;
            }
        };
        assert_eq!(assignment.failed(now), attempt == 0, "it goes out once");
        drop(assignment);
        let failed = now;
        while shares(&balance, 4, now)[0] == 0 {
            now += Duration::from_millis(500);
            assert!(now - failed <= LONGEST_OUT, "it is tried again");
        }
        times.push((now - failed).as_secs());
        now += LONGEST_OUT;
    }
    assert_eq!(times, [1, 2, 4, 8, 16, 30, 30, 30]);
}

#[test]
fn one_request_tries_a_server_that_was_out_and_its_answer_brings_it_back() {
    let balance = balance(&[1, 1]);
    let now = Instant::now();
    let assignments = [0, 1].map(|_| balance.take(&[], now).unwrap());
    assert!(assignments[0].failed(now));
    assert_eq!(shares(&balance, 10, now), [0, 10]);
    let later = now + FIRST_OUT;
    assert_eq!(shares(&balance, 10, later), [1, 9], "one tries it");
    let again = later + FIRST_OUT;
    let trial = balance.take(&[1], again).unwrap();
    assert!(!assignments[0].served(), "what went there before the failure says nothing");
    assert!(trial.served());
    drop((assignments, trial));
    assert_eq!(shares(&balance, 10, again), [5, 5], "its share, and no more");
}

#[test]
fn of_requests_that_fail_at_once_the_first_one_counts() {
    let balance = balance(&[1, 1]);
    let now = Instant::now();
    let assignments: Vec<_> = (0..20).map(|_| balance.take(&[], now).unwrap()).collect();
    let went_out = assignments.iter().filter(|assignment| assignment.index() == 0 && assignment.failed(now)).count();
    assert_eq!(went_out, 1);
    drop(assignments);
    assert_eq!(shares(&balance, 10, now + FIRST_OUT)[0], 1, "after one second, not after thirty");
}

#[test]
fn where_all_are_out_each_is_asked_once_and_the_earliest_first() {
    let balance = balance(&[1, 1]);
    let now = Instant::now();
    let assignments = [0, 1].map(|_| balance.take(&[], now).unwrap());
    assert!(assignments[1].failed(now) && assignments[0].failed(now + Duration::from_millis(1)));
    let first = balance.take(&[], now).unwrap();
    assert_eq!(first.index(), 1);
    let second = balance.take(&[first.index()], now).unwrap();
    assert_eq!(second.index(), 0);
    assert!(balance.take(&[0, 1], now).is_none());
}

#[test]
fn a_failed_probe_takes_a_server_out_until_one_passes() {
    let balance = balance(&[1, 1]);
    let now = Instant::now();
    assert!(balance.probed(0, false));
    assert!(!balance.probed(0, false), "it is out already");
    assert_eq!(shares(&balance, 10, now + LONGEST_OUT), [0, 10]);
    assert!(balance.probed(0, true));
    assert_eq!(shares(&balance, 10, now), [5, 5]);
    let assignment = balance.take(&[1], now).unwrap();
    assert!(assignment.failed(now));
    drop(assignment);
    assert!(balance.probed(0, true), "a probe that passes ends the time of a failure");
    assert_eq!(shares(&balance, 10, now), [5, 5]);
}
