#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof of what vdsorun promises, on this machine.
# Relies on: build/host/vdsorun; gcc, musl-gcc, Go; bash, python3.
# Never: depends on how fast the machine is, but for a limit that means "it hangs".
use strict;
use warnings;
use File::Temp;
use POSIX qw(:signal_h :sys_wait_h);
use Test::More;
use Time::HiRes qw(sleep time);

my $vdsorun = 'build/host/vdsorun';
-x $vdsorun or BAIL_OUT("$vdsorun is not built: make vdsorun");
my $dir = File::Temp->newdir;

sub sh { system(@_) == 0 or BAIL_OUT("@_: failed") }
my @flags = qw(-O1 -pthread -Itests -Ikit/include tests/host/probe.c -o);
sh('gcc', @flags, "$dir/dynamic");
sh('gcc', '-static', @flags, "$dir/static");
sh('musl-gcc', '-static', @flags, "$dir/musl");
sh('gcc', '-static', '-O1', '-o', "$dir/timers", 'tests/host/timers.c');

sub get { open my $file, '<:raw', "$dir/$_[0]" or return ''; local $/; return scalar(<$file>) // '' }

# Starts a command, with its output to files.
sub start {
	my ($name, @command) = @_;
	my $pid = fork // die;
	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/$name.out";
	open STDERR, '>', "$dir/$name.err";
	@SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
	alarm 50; # a hang ends
	exec @command or POSIX::_exit(111);
}

sub finish {
	my ($pid, $name) = @_;
	waitpid $pid, 0;
	return { status => $? >> 8, signal => $? & 127, out => get("$name.out"), err => get("$name.err") };
}

sub run { return finish(start('run', @_), 'run') }
sub vdsorun { return run($vdsorun, @_) }

# Who sees what

is(run("$dir/dynamic")->{out}, "host\n", 'the probe knows the host\'s vDSO');
for my $kind (qw(dynamic static musl)) {
	is(vdsorun('--', "$dir/$kind")->{out}, "vdk\n",
		"$kind: the image, with its page below, in place of the host's vDSO");
	is(vdsorun("$dir/$kind", 'exec', 4)->{out}, "vdk vdk vdk vdk vdk \n", "$kind: after each exec of a chain");
	is(vdsorun("$dir/$kind", 'fork')->{out}, "vdk\n" x 8, "$kind: in children of fork and vfork");
	is(vdsorun("$dir/$kind", 'thread-exec')->{out}, "vdk\n", "$kind: after an exec by a second thread");
	is(vdsorun("$dir/$kind", 'threads')->{out}, "vdk 0\n",
		"$kind: in four threads, none of which sees time step back");
	is(vdsorun("$dir/$kind", 'write')->{out}, "mprotect refused, mem refused\n",
		"$kind: the page can't be written");
}
is(vdsorun("$dir/static", 'files')->{out}, run("$dir/static", 'files')->{out}, 'no descriptor is left in the program');
like(vdsorun('bash', '-c', "sleep 0.1 & wait; $dir/musl; date +%s")->{out}, qr/\Avdk\n\d+\n\z/, 'a shell and its jobs');
like(vdsorun('python3', '-c', 'import subprocess, sys; subprocess.run(sys.argv[1])', "$dir/dynamic")->{out},
	qr/\Avdk\n\z/,
	'a child of python3, which closes all files before');

is(vdsorun("$dir/$_", 'auxv')->{out}, "shown\n", "$_: debuggers find the image by /proc/<pid>/auxv")
	for qw(dynamic static musl);
my $watch = vdsorun("$dir/static", 'watch', 700)->{out};
my ($worst, $back) = $watch =~ /\Aworst (\d+) back (\d+)/ or diag($watch);
ok(defined $worst && $worst <= 1000, 'all clocks within 1 us of the system calls') or diag($watch);
is($back, 0, 'and none steps back');
my $stats = vdsorun('--stats', '--', 'sleep', '0.5')->{err};
my @max = $stats =~ /^vdsorun: (?:REALTIME|MONOTONIC|MONOTONIC_RAW) +off the host's by (\d+) ns at most, [\d.]+ ns rms \(\d+ meas/mg;
ok(@max == 3 && !grep({ $_ > 1000 } @max), '--stats says so: errors of REALTIME, MONOTONIC and MONOTONIC_RAW')
	or diag($stats);
like($stats, qr/^vdsorun: \d+ updates, \d+ late publishes/m, '--stats counts updates and late publishes');
like(vdsorun('--verbose', 'true')->{err}, qr/^vdsorun: counter of [\d.]+ MHz.*^vdsorun: process \d+ has vdk's vDSO$/ms,
	'--verbose says what is done');

# Another time

sub seconds { return (split ' ', vdsorun(@_)->{out})[0] // -1 }
my $day = 86400;
for (['static', -$day], ['dynamic', 1000 * $day], ['musl', -0.5]) {
	my ($kind, $offset) = @$_;
	my ($libc, $vdso) = split ' ', vdsorun('--offset', $offset, '--', "$dir/$kind", 'clock', 0)->{out};
	ok(abs($libc / 1e9 - time - $offset) < 0.4 && abs($vdso - $libc) < 4e8, "$kind: --offset $offset");
}
my @time = split ' ', vdsorun('--offset', -$day, "$dir/dynamic", 'time')->{out};
ok(@time == 2 && !grep({ abs($_ - time + $day) > 8 } @time), '--offset: gettimeofday and time');
my $python = vdsorun('--offset', -$day, 'python3', '-c', 'import time; print(time.time())')->{out};
ok(abs($python - time + $day) < 8, '--offset: python3');
my $monotonic = (split ' ', run("$dir/static", 'clock', 1)->{out})[0];
ok(seconds('--offset', $day, "$dir/static", 'clock', 1) - $monotonic < 30e9, '--offset leaves MONOTONIC alone');
SKIP: {
	skip 'Go is not installed', 2 if system('go version > /dev/null 2>&1');
	local $ENV{CGO_ENABLED} = 0;
	open my $go, '>', "$dir/clock.go" or die;
	print $go qq(package main\nimport ("fmt"; "time")\nfunc main() { a := time.Now(); time.Sleep(time.Second / 4); )
		. qq(fmt.Println(a.Unix(), time.Since(a).Milliseconds()) }\n);
	close $go;
	local $ENV{GOCACHE} = "$dir/go-cache" if !-w ($ENV{HOME} // '/nonexistent');
	sh('go', 'build', '-o', "$dir/go", "$dir/clock.go");
	my ($unix, $slept) = split ' ', vdsorun('--offset', -$day, "$dir/go")->{out};
	ok(abs($unix - time + $day) < 8, '--offset: a static Go program');
	ok($slept >= 250 && $slept < 5000, 'a Go program sleeps as long as it means to');
}
is(vdsorun('--start', '2030-01-02T03:04:05Z', 'date', '-u', '+%FT%H:%M')->{out}, "2030-01-02T03:04\n", '--start, UTC');
is(vdsorun('--start', '2001-02-03 04:05:06.5+01:00', 'date', '-u', '+%FT%H:%M')->{out}, "2001-02-03T03:05\n",
	'--start, with a zone');
{
	local $ENV{TZ} = 'Asia/Tokyo';
	is(vdsorun('--start', '2010-01-01', 'date', '+%F %H:%M')->{out}, "2010-01-01 00:00\n", '--start, local time');
}
for my $rate (10, 0.1) {
	my ($host, @ms) = reverse split ' ', vdsorun('--rate', $rate, "$dir/static", 'rate')->{out};
	ok(@ms == 5 && !grep({ $_ < 0.5 * $host * $rate || $_ > 2 * $host * $rate } @ms), "--rate $rate, on each clock")
		or diag("@ms, $host");
}
is(vdsorun('--rate', 3, '--offset', -5 * $day, "$dir/$_", 'calls')->{out}, "1111\n",
	"$_: direct system calls tell the same") for qw(static musl);
like(vdsorun('--stats', '--offset', 1, "$dir/static", 'calls')->{err},
	qr/^vdsorun: 5 system calls were brought in line$/m, 'and are counted');

for my $kind (qw(static musl)) {
	for (['--offset', $day, 100], ['--offset', -$day, 100], ['--rate', 20, 2000], ['--rate', 0.25, 50]) {
		my ($option, $value, $ms) = @$_;
		my $out = vdsorun($option, $value, "$dir/$kind", 'waits', $ms)->{out};
		my $rate = $option eq '--rate' ? $value : 1;
		# the limit is for a loaded machine: 5 waits, half a second late each
		ok($out =~ /\A(\d+)\n\z/ && $1 < 5 * $ms / $rate + 2500 &&
			$1 > 5 * $ms / $rate - 30, "$kind: sleeps and time-outs with $option $value")
			or diag($out);
	}
	is(vdsorun('--rate', 100, "$dir/$kind", 'interrupted')->{out}, "interrupted, the rest is right\n",
		"$kind: a sleep that is interrupted");
}

for (['--offset', $day, 100], ['--offset', -$day, 60], ['--rate', 20, 2000], ['--rate', 0.25, 50]) {
	my ($option, $value, $ms) = @$_;
	my ($rate, $count) = ($option eq '--rate' ? $value : 1, $ms >= 1000 ? 11 : 10);
	my $out = vdsorun($option, $value, "$dir/timers", $ms)->{out};
	ok($out =~ /\A(\d+)\n\z/ && $1 < $count * $ms / $rate + 5000 && $1 > $count * $ms / $rate - 30,
		"timers and further time-outs with $option $value") or diag($out);
}
is(run("$dir/timers", 30)->{out} =~ /\A\d+\n\z/, 1, 'as on the host');

# Other tracers

is(vdsorun($vdsorun, "$dir/static")->{out}, "vdk\n", 'vdsorun runs under vdsorun');
is(vdsorun("$dir/$_", 'trace')->{out}, "traced, attached\n", "$_: programs may trace others") for qw(dynamic musl);
SKIP: {
	open my $leaky, '>', "$dir/leak.c" or die;
	print $leaky "#include <stdlib.h>\nvoid *volatile p;\nint main(void) { p = malloc(77); p = 0; return 0; }\n";
	close $leaky;
	skip 'there is no AddressSanitizer',
		1 if system("gcc -fsanitize=address -o $dir/leak $dir/leak.c 2> /dev/null");
	like(vdsorun("$dir/leak")->{err}, qr/LeakSanitizer: detected memory leaks.*77 byte/s,
		'AddressSanitizer finds its leaks');
}

# Without a counter: the page sends programs to the kernel. prctl(PR_SET_TSC, PR_TSC_SIGSEGV), kept over exec.

if (($ENV{ARCH} // 'x86_64') eq 'x86_64') {
	my @forbidden = ('perl', '-e', 'syscall(157, 26, 2); exec @ARGV or die', $vdsorun);
	is(run(@forbidden, "$dir/static")->{out}, "vdk\n",
		'where the TSC may not be read, there is vdk\'s image all the same');
	like(run(@forbidden, '--verbose', "$dir/static", 'clock', 0)->{err},
		qr/^vdsorun: programs can't read the counter: .*TSC/m, '--verbose says so');
	like(run(@forbidden, "$dir/static", 'watch', 50)->{out}, qr/\Aworst 0 back 0/,
		'and each clock is the system call');
	my $run = run(@forbidden, '--offset', 1, 'true');
	ok($run->{status} == 125 &&
		$run->{err} =~ /\Avdsorun: programs can't read the counter/, 'another time is refused then');
}

# The end of it

is(vdsorun('sh', '-c', "exit $_")->{status}, $_, "exit status $_") for 0, 7, 255;
is(vdsorun('sh', '-c', "kill -$_ \$\$")->{signal}, $_, "death by signal $_") for SIGTERM, SIGKILL, SIGSEGV;
for (["$dir/nothing", 127, 'No such file or directory'], ['no-such-program', 127, 'No such file or directory'],
	["$dir", 126, 'Permission denied'], ["$dir/clock.go", 126, 'Permission denied']) {
	my ($program, $status, $reason) = @$_;
	next if !-e $program && $status == 126;
	my $run = vdsorun($program);
	is("$run->{status} $run->{err}", "$status vdsorun: $program: $reason\n",
		"$status for what can't be started: $reason");
}
for (['--frobnicate', 'true'], ['--offset', 'soon', 'true'], ['--rate', '0', 'true'], ['--start', 'tomorrow', 'true'],
	['--rate'],
	['--offset', 1, '--start', '2030-01-01', 'true'], []) {
	my $run = vdsorun(@$_);
	ok($run->{status} == 2 && $run->{err} =~ /\Avdsorun: [^\n]+\n\z/, "bad usage gives 2: @$_")
		or diag($run->{err});
}
my $run = vdsorun('--image', '/bin/true', 'true');
ok($run->{status} == 125 && $run->{err} =~ m{\Avdsorun: /bin/true: not a vDSO}, 'a file that is no vDSO gives 125');
is(vdsorun('--image', "build/$ENV{ARCH}/vdso.so", "$dir/static")->{out}, "vdk\n", '--image') if $ENV{ARCH};
my $help = vdsorun('--help');
is("$help->{status} @{[grep { $help->{out} !~ /^  $_\b/m } qw(--offset --start --rate --image --stats --verbose --help)]}", '0 ',
	'--help tells every option');

# Jobs and signals

my $pid = start('job', $vdsorun, 'sh', '-c', 'trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done');
sleep 0.02 until get('job.out') eq "up\n";
kill SIGUSR1, $pid;
for (1 .. 2000) { last if get('job.out') =~ /usr1/; sleep 0.01 }
is(get('job.out'), "up\nusr1\n", 'a signal to vdsorun\'s process is one to the program');
kill SIGSTOP, $pid;
is(waitpid($pid, WUNTRACED) == $pid && WIFSTOPPED(${^CHILD_ERROR_NATIVE}) ? WSTOPSIG(${^CHILD_ERROR_NATIVE}) : 0,
	SIGSTOP,
	'a stopped program is seen to be stopped');
sleep 0.1;
like((grep { /^State/ } do { open my $s, '<', "/proc/$pid/status"; <$s> })[0], qr/State:\s+[tT]/, 'and stays stopped');
kill SIGCONT, $pid;
kill SIGUSR1, $pid;
for (1 .. 2000) { last if get('job.out') =~ /usr1\nusr1/; sleep 0.01 }
is(get('job.out'), "up\nusr1\nusr1\n", 'and goes on');
kill SIGTERM, $pid;
is(finish($pid, 'job')->{signal}, SIGTERM, 'and ends by a signal');

# Without the timekeeper

sub field { my ($of, $name) = @_; open my $f, '<',
	"/proc/$of/status" or return 0; return (map { /^$name:\s+(\d+)/ } <$f>)[0] // 0 }

sub timekeeper_of {
	my ($program) = @_;
	for (1 .. 500) {
		my $tracer = field($program, 'TracerPid');
		for (glob '/proc/[0-9]*/comm') {
			my ($candidate) = m{/(\d+)/};
			open my $f, '<', $_ or next;
			return $candidate if $tracer && <$f> eq "vdsorun-time\n" &&
				field($candidate, 'PPid') == $tracer;
		}
		sleep 0.02;
	}
	return 0;
}

$pid = start('stop', $vdsorun, "$dir/static", 'watch', 2500);
my $keeper = timekeeper_of($pid);
ok($keeper, 'there is a timekeeper');
if ($keeper) {
	for (1 .. 25) { # at any point of an update
		kill SIGSTOP, $keeper;
		sleep 0.01 + rand 0.01;
		kill SIGCONT, $keeper;
		sleep 0.005 + rand 0.01;
	}
	kill SIGKILL, $keeper;
}
my $out = finish($pid, 'stop')->{out};
($worst, $back) = $out =~ /\Aworst (\d+) back (\d+)/;
ok(defined $worst && $worst < 20000,
	'with the timekeeper stopped, again and again, and killed: clocks right within 20 us')
	or diag("'$out'");
is($back, 0, 'and none steps back');
$pid = start('late', $vdsorun, 'sh', '-c', "sleep 0.7; $dir/static; date +%s");
$keeper = timekeeper_of($pid);
kill SIGKILL, $keeper if $keeper;
like(finish($pid, 'late')->{out}, qr/\Avdk\n\d+\n\z/, 'and programs that start later are served too');

done_testing;
