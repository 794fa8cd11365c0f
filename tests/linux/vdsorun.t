#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof that vdsorun keeps its promises on another machine than this one: Debian's stock Linux in QEMU.
# Relies on: build/<arch>/host/vdsorun, tools/linux, the cross compiler; tests/host/probe.c and timers.c.
# Never: depends on how fast the machine is, but for a limit that means "it hangs".
use strict;
use warnings;
use File::Temp;
use Test::More;

my $arch = $ENV{ARCH} or BAIL_OUT('ARCH is not set');
my $dir = File::Temp->newdir;
my $day = 86400;

sub sh { system(@_) == 0 or BAIL_OUT("@_: failed") }
sh("$arch-linux-gnu-gcc", qw(-static -O1 -pthread -Itests -Ikit/include -o), "$dir/$_", "tests/host/$_.c") for qw(probe timers);

# One boot for all: a name and what runs under that.
my @slow = (['--rate', 20, 2000], ['--rate', 0.5, 60], ['--offset', $day, 60]);
my @steps = (
	(map { [$_, "vdsorun -- /probe $_"] } 'whose', 'exec 4', 'fork', 'thread-exec', 'threads', 'write', 'trace', 'auxv', 'watch 500'),
	['files', 'vdsorun /probe files; /probe files'],
	['stats', 'vdsorun --stats sleep 0.3'],
	['verbose', 'vdsorun --verbose true'],
	['shell', q(vdsorun sh -c 'sleep 0.1 & wait; /probe; date +%s')],
	['offset', "vdsorun --offset -$day date +%s; date +%s"],
	['start', 'vdsorun --start 2030-01-02T03:04:05Z date -u +%FT%H:%M'],
	['calls', "vdsorun --rate 3 --offset -432000 /probe calls"],
	['interrupted', 'vdsorun --rate 100 /probe interrupted'],
	['rate', 'vdsorun --rate 10 /probe rate'],
	(map { my @s = @$_; map { ["$_ @s", "vdsorun $s[0] $s[1] /" . ($_ eq 'waits' ? 'probe waits' : $_) . " $s[2]"] } qw(waits timers) } @slow),
	['stop', 'vdsorun /probe watch 6000 & until k=$(pidof vdsorun-time); do sleep 0.1; done; sleep 0.8; '
		. 'for i in 1 2 3; do kill -STOP $k; usleep 30000; kill -CONT $k; usleep 20000; done; kill -KILL $k && echo killed; wait'],
	['late', q(vdsorun sh -c 'kill -KILL $(pidof vdsorun-time) && /probe')],
	['status', 'for s in 0 7; do vdsorun sh -c "exit $s"; echo $?; done; vdsorun sh -c "kill -9 \$\$"; echo $?; vdsorun /nothing; echo $?'],
);
open my $script, '>', "$dir/script" or die;
print $script "cd /\n", map { "echo '== $_->[0]'\n$_->[1]\n" } @steps;
close $script or die;

open my $from, '-|', 'tools/linux', '--arch', $arch, '--smp', 2, '--timeout', 300, '--add', "build/$arch/host/vdsorun:/bin/vdsorun",
	(map { ('--add', "$dir/$_") } qw(probe timers script)), '--', 'sh', '/script' or die;
my $output = do { local $/; <$from> } // '';
close $from;
is($?, 0, 'Linux runs the script to its end') or diag($output);
my %said = $output =~ /^== ([^\n]*)\n(.*?)(?=^== |\z)/msg;

sub said { my ($name) = @_; return $said{$name} // 'nothing' }

is(said('whose'), "vdk\n", 'the image, with its page below, in place of the host\'s vDSO');
is(said('exec 4'), "vdk vdk vdk vdk vdk \n", 'after each exec of a chain');
is(said('fork'), "vdk\n" x 8, 'in children of fork and vfork');
is(said('thread-exec'), "vdk\n", 'after an exec by a second thread');
is(said('threads'), "vdk 0\n", 'in four threads, none of which sees time step back');
is(said('write'), "mprotect refused, mem refused\n", 'the page can\'t be written');
is(said('trace'), "traced, attached\n", 'programs may trace others');
is(said('auxv'), "shown\n", 'debuggers find the image by /proc/<pid>/auxv');
like(said('files'), qr/\A([\d ]+\n)\1\z/, 'no descriptor is left in the program');
my ($worst, $back) = said('watch 500') =~ /\Aworst (\d+) back (\d+)/;
ok(defined $worst && $worst <= 20000, 'all clocks agree with the system calls') or diag(said('watch 500')); # of an emulated machine
is($back, 0, 'and none steps back');
like(said('stats'), qr/(?:^vdsorun: (?:REALTIME|MONOTONIC|MONOTONIC_RAW) +off the host's by \d+ ns at most.*\n){3}/m, '--stats');
like(said('stats'), qr/^vdsorun: 1 programs executed, 0 of them on the host's vDSO$/m, 'and nobody was left out');
like(said('verbose'), qr/^vdsorun: counter of [\d.]+ MHz.*^vdsorun: process \d+ has vdk's vDSO$/ms, '--verbose');
like(said('shell'), qr/\Avdk\n\d+\n\z/, 'a shell and its jobs');
my ($shifted, $date) = split ' ', said('offset');
ok($shifted && $date && abs($shifted - $date + $day) <= 10, '--offset') or diag(said('offset'));
is(said('start'), "2030-01-02T03:04\n", '--start');
is(said('calls'), "1111\n", 'direct system calls tell the same');
is(said('interrupted'), "interrupted, the rest is right\n", 'a sleep that is interrupted');
my ($host, @ms) = reverse split ' ', said('rate');
ok(@ms == 5 && !grep({ $_ < 5 * $host || $_ > 20 * $host } @ms), '--rate 10, on each clock') or diag(said('rate'));
for (@slow) {
	my ($option, $value, $ms) = @$_;
	my $rate = $option eq '--rate' ? $value : 1;
	for (['waits', 5], ['timers', $ms >= 1000 ? 11 : 10]) {
		my ($what, $count) = @$_;
		my $least = $count * $ms / $rate;

		# the limit is for a loaded machine that is emulated
		like(said("$what $option $value $ms"), qr/\A\d+\n\z/, "$what with $option $value: none early or wrong");
		my ($took) = said("$what $option $value $ms") =~ /(\d+)\n\z/;
		ok(defined $took && $took > $least - 30 && $took < 2 * $least + 10000, "$what with $option $value: as long as they should");
	}
}
($worst, $back) = said('stop') =~ /^killed\n(?:.*\n)*?worst (\d+) back (\d+)/m;
# The rate that they go on with was measured for a second, on an emulated counter.
ok(defined $worst && $worst < 1000000, 'with the timekeeper stopped, again and again, and killed: clocks right within 1 ms')
	or diag(said('stop'));
is($back, 0, 'and none steps back');
is(said('late'), "vdk\n", 'and programs that start later are served too');
like(said("status"), qr{\A0\n7\n(Killed\n)?137\nvdsorun: /nothing: No such file or directory\n127\n\z}, "status and signals are those of PROG")
	or diag(said('status'));
done_testing;
