#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof of what vdsoctl says of files, of processes and of pages; of its rules, tests/image/audit.t.
# Relies on: build/host/vdsoctl and vdsorun, the images and the kernel that are built, build/<arch>/tests/host/ticker; python3 for
# another reader of JSON. VDK_SEED varies the random damage.
# Never: asks that the host's own vDSO keeps vdk's rules, or that it has any name but clock_gettime.
use strict;
use warnings;
use File::Temp qw(tempdir);
use IPC::Open2;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

my $arch = $ENV{ARCH} // 'x86_64';
my $build = $ENV{VDK_BUILD} // "build/$arch";
my $tool = $build =~ s{[^/]+/?$}{host/vdsoctl}r;
my $dir = tempdir(CLEANUP => 1);
my $known = qr/^(?:__vdso_|__kernel_)clock_gettime$/;
-x $tool or BAIL_OUT("$tool is not built");

sub slurp { my ($path) = @_; open my $in, '<:raw', $path or return ''; local $/; return <$in> // '' }

# The wait status, standard output and standard error of vdsoctl. A run of more than 20 seconds dies of SIGALRM.
sub start {
	my $pid = fork // BAIL_OUT("fork: $!");
	return $pid if $pid;
	alarm 20;
	open STDIN, '<', '/dev/null' or die;
	open STDOUT, '>', "$dir/out" or die;
	open STDERR, '>', "$dir/err" or die;
	exec $tool, @_ or die "$tool: $!";
}
sub finish { my ($pid) = @_; waitpid $pid, 0; return ($?, slurp("$dir/out"), slurp("$dir/err")) }
sub run { return finish(start(@_)) }

# What it says in JSON, of a run that ends with `$status`; for commands that go on, the last line.
sub said {
	my ($status, @arguments) = @_;
	my ($ended, $out, $err) = run($arguments[0], '--json', @arguments[1 .. $#arguments]);
	is($ended, $status, "vdsoctl @arguments ends with status " . $status / 256) or diag($out, $err);
	return decode_json((split /\n/, $out)[-1] // '{}');
}
sub names { my ($list) = @_; return map { $_->{name} } @{$list->{symbols}} }
sub clock { my ($view, $name) = @_; return (grep { $_->{clock} eq $name } @{$view->{clocks}})[0] }

# The command must fail so, with nothing on standard output.
sub refused {
	my ($status, $like, @arguments) = @_;
	my ($ended, $out, $err) = run(@arguments);
	subtest "vdsoctl @arguments fails" => sub {
		is($ended, $status << 8, "exit status $status");
		is($out, '', 'nothing on standard output');
		like($err, qr/^vdsoctl: $like/, 'with the reason');
	};
}

# --- images of every machine that is built ---

my @images = glob $build =~ s{[^/]+/?$}{*/vdso.so}r;
ok(@images > 0, 'there are images');
for my $image (@images) {
	my $list = said(0, 'list', $image);
	is("build/$list->{machine}/vdso.so", $image =~ s{.*(build/)}{$1}r, 'the machine is the folder\'s');
	is($list->{soname}, 'linux-vdso.so.1', 'the name');
	is(scalar(grep { /$known/ } names($list)), 1, 'clock_gettime is there');
	is(scalar(grep { $_->{type} eq 'LOAD' && $_->{flags} eq 'R-X' } @{$list->{segments}}), 1, 'one segment, R-X');
	like($list->{versions}[1]{version}, qr/^LINUX_/, 'the version');
	my %other = map { $_->{version} => 1 } @{$list->{symbols}};
	is_deeply([keys %other], [$list->{versions}[1]{version}], 'every symbol has it');
	like((grep { $_->{owner} eq 'GNU' && $_->{type} eq '0x3' } @{$list->{notes}})[0]{description}, qr/^[0-9a-f]{40}$/,
		'the build-id');
	my $audit = said(0, 'audit', $image);
	is_deeply([grep { $_->{verdict} eq 'FAIL' } @{$audit->{rules}}], [], 'no rule is broken');
	ok($audit->{good}, 'and so does the image');
}
my $text = (run('list', $images[0]))[1];
like($text, qr/^symbols\n  value +size +bind +type +version +name\n  0x/m, 'text has tables');
system("$tool list --json $images[0] | python3 -m json.tool > $dir/json") == 0 or diag('json.tool fails');
is_deeply(decode_json(slurp("$dir/json")), said(0, 'list', $images[0]), 'another reader of JSON reads the same');

# --- damage: only the audit is sure to see it, but nothing crashes ---

open my $in, '<:raw', "$build/vdso.so" or BAIL_OUT("$build/vdso.so: $!");
my $good = do { local $/; <$in> };
my ($seed, $crashes) = ($ENV{VDK_SEED} // 1, 0);
srand $seed;
for my $round (1 .. 60) {
	my $bytes = $good;
	substr($bytes, int rand($round % 2 ? 0x700 : length $bytes), 1) = chr int rand 256 for 0 .. rand 8;
	substr($bytes, int rand length $bytes) = '' if $round % 10 == 0;
	open my $out, '>:raw', "$dir/bad.so" or BAIL_OUT("$dir/bad.so: $!");
	print $out $bytes;
	close $out;
	my ($status) = run('list', "$dir/bad.so");
	next if $status == 0 || $status == 256;
	diag("round $round of seed $seed: wait status $status");
	$crashes++;
}
is($crashes, 0, 'random damage never crashes or hangs list');

# --- processes: this one has the host's vDSO ---

my $list = said(0, 'list', $$);
is(scalar(grep { /$known/ } names($list)), 1, 'the host has a clock_gettime');
my $audit = said(256, 'audit', $$);
ok(!$audit->{good}, 'the host\'s vDSO is no image of vdk\'s');
is_deeply([map { $_->{rule} } grep { $_->{rule} =~ /^(?:data-size|page-version)$/ && $_->{verdict} eq 'FAIL' } @{$audit->{rules}}],
	['data-size', 'page-version'], 'since it says nothing of a data page');
is((run('dump', $$, "$dir/host.so"))[0], 0, 'dump');
my $dumped = said(0, 'list', "$dir/host.so");
delete @$_{'file'} for $list, $dumped;
is_deeply($dumped, $list, 'list says the same of the dump');
refused(1, "$$: it has no vdk page: ", 'clocks', $$);

# --- a page ---

my $pid = open2(my $from, my $to, "$build/tests/host/ticker");
chomp(my $at = <$from> // BAIL_OUT('the ticker does not start'));
my @ticker = ($pid, '--address', $at);
sub command { my ($letter) = @_; print $to $letter; $to->flush; return scalar <$from> }

ok(said(0, 'audit', @ticker)->{good}, 'an image in a process passes the audit');
refused(1, "$pid: nothing is mapped at 0x1000", 'list', $pid, '--address', '1000');
refused(1, "$pid: it has no vdk page: ", 'clocks', $pid);
my $view = said(0, 'clocks', @ticker, '--count', 1);
is($view->{process}, $pid, 'the process');
is($view->{mode}, 'counter', 'the mode');
cmp_ok(abs($view->{rate_ppb} - 100000), '<', 1, 'the rate');
cmp_ok($view->{counter_hz}, '>', 1e6, 'the counter');
cmp_ok($view->{updates_per_second}, '>', 5, 'updates, though fewer on a busy machine');
cmp_ok($view->{updates_per_second}, '<', 300, 'updates, and no more than there are');
is($view->{tai_offset_s}, 37, 'the offset of TAI');
is($view->{coarse_resolution_ns}, 4000000, 'the tick');
cmp_ok(abs(clock($view, 'REALTIME')->{offset_ns} / 1e9 + 86400), '<', 2, 'REALTIME is a day behind');
like(clock($view, 'REALTIME')->{time}, qr/^\d{10}\.\d{9}$/, 'and has nanoseconds');
cmp_ok(abs(clock($view, 'TAI')->{time} - clock($view, 'REALTIME')->{time} - 37), '<', 1, 'TAI is ahead by its offset');
my $begin = time;
my ($ended, $views) = run('clocks', '--json', '--seconds', 1, '--interval', 0.2, @ticker);
cmp_ok(scalar(split /\n/, $views), '>=', 2, 'views come at their interval');
my @counts = map { decode_json($_)->{updates} } split /\n/, $views;
ok(!(grep { $counts[$_] <= $counts[$_ - 1] } 1 .. $#counts), 'and updates are counted on');

command('s');
$view = said(0, 'clocks', @ticker, '--seconds', 0.3);
ok($view->{update_open}, 'a writer that stopped in the middle of an update is seen');
is($view->{updates_per_second}, 0, 'it publishes nothing');
cmp_ok(abs(clock($view, 'REALTIME')->{offset_ns} / 1e9 + 86400), '<', 2, 'the clocks go on');
command('u');
$view = said(0, 'clocks', @ticker, '--seconds', 0.1);
is($view->{mode}, 'system call', 'a counter that can\'t be trusted is seen');
is(clock($view, 'REALTIME')->{time}, undef, 'and no clock is told');
like((run('clocks', @ticker, '--seconds', 0.1))[1], qr/^  REALTIME +- +- +-$/m, 'in text neither');
command('w');
refused(1, "$pid: its vdk page is damaged: ", 'clocks', @ticker);
command('v');
refused(1, "$pid: its vdk page has version 77 ", 'clocks', @ticker);
command('m');
refused(1, "$pid: it has no vdk page: no magic number", 'clocks', @ticker);
close $to;
waitpid $pid, 0;
refused(1, "$pid: No such process", 'clocks', @ticker);

# --- processes with vdk's image: what vdsorun starts, and programs on the reference kernel ---

sub under { my (@command) = @_; open my $out, '-|', @command or BAIL_OUT("$command[0]: $!"); local $/; return <$out> // '' }

my $vdsorun = $tool =~ s{vdsoctl$}{vdsorun}r;
$view = decode_json(under($vdsorun, '--', $tool, 'clocks', '--json', '--seconds', 0.3));
is($view->{mode} =~ s/,.*//r, 'counter', 'vdsorun: clocks looks at its own process');
cmp_ok(abs clock($view, 'MONOTONIC')->{offset_ns}, '<', 1e8, 'vdsorun: whose clock is right');
$view = decode_json(under($vdsorun, '--', $tool, 'watch', '--json', '--seconds', 0.3));
is(clock($view, 'MONOTONIC')->{steps_back}, 0, 'vdsorun: watch sees no step back');
# The program says its number, and stays as long as its standard input is open.
my $shell = open2(my $said, my $hold, $vdsorun, '--offset', -3600, '--', 'sh', '-c', 'echo $$; read hold');
chomp(my $running = <$said> // BAIL_OUT('vdsorun does not start'));
ok(said(0, 'audit', $running)->{good}, 'vdsorun: the image is found in another process');
$view = said(0, 'clocks', $running, '--seconds', 0.3);
cmp_ok($view->{updates_per_second}, '>', 0, 'vdsorun: and the page, which is kept up to date');
cmp_ok(abs(clock($view, 'REALTIME')->{offset_ns} / 1e9 + 3600), '<', 1, 'vdsorun: an hour behind, seen from outside');
close $hold;
waitpid $shell, 0;

my %library = map { /(\S*\/\S+) \(0x/ ? ($1 => 1) : () } split /\n/, under('ldd', $tool);
$view = decode_json((split /\n/, under('tools/boot', '--arch', $arch, (map { ('--add', "$_:$_") } sort keys %library),
	'--add', $tool, '--', '/vdsoctl', 'clocks', '--json', '--seconds', 0.3))[-1] // '{}');
is($view->{process}, 1, 'the reference kernel runs clocks');
cmp_ok(abs(clock($view, 'MONOTONIC')->{offset_ns} // 1e18), '<', 1e8, 'its page says what its system call says');

# --- watch ---

$begin = time;
$view = said(0, 'watch', '--seconds', 1);
cmp_ok(time - $begin, '>=', 1, 'watch takes its time');
is(scalar(@{$view->{clocks}}), 7, 'all clocks are watched');
for my $clock (@{$view->{clocks}}) {
	cmp_ok($clock->{readings}, '>', 0, "$clock->{clock} is read");
	cmp_ok(abs $clock->{difference_ns}, '<', 1e9, "$clock->{clock} is what the system call says");
}
my $watch = start('watch', '--interval', 0.1);
sleep 0.1 until slurp("$dir/out") =~ /^seconds/m || time > $begin + 15;
kill INT => $watch;
my ($status, $out) = finish($watch);
is($status, 0, '^C ends watch well');
like($out, qr/\n  TAI .*\n\z/, 'after a whole view');

# --- bad input ---

like((run('--help'))[1], qr/^usage: vdsoctl /, '--help');
refused(2, 'no command', ());
refused(2, 'no such command: turn', 'turn');
refused(2, 'bad option: --loud', 'list', '--loud', $$);
refused(2, 'not an option of this command: --count', 'list', '--count', 1, $$);
refused(2, 'bad number: 0', 'watch', '--count', '0');
refused(2, 'bad number: -1', 'watch', '--count', '-1');
refused(2, 'bad number of seconds: nan', 'watch', '--seconds', 'nan');
refused(2, 'bad number: x', 'list', '--address', 'x', $$);
refused(2, 'another number of arguments', @$_) for ['list'], ['dump', $$], ['watch', 1], ['clocks', 1, 2];
refused(1, "$dir/missing: No such file", 'list', "$dir/missing");
refused(1, "$dir: Is a directory", 'list', $dir);
refused(1, "$0: not an ELF file", 'list', $0);
refused(1, 'vdso: not the number of a process', 'clocks', 'vdso');
refused(1, '999999999: No such process', 'list', 999999999);
refused(1, '2147483647: No such process', 'list', '99999999999999999999');
refused(1, "$dir/missing/x: No such file", 'dump', $$, "$dir/missing/x");
is(system("$tool list $$ > /dev/full 2> $dir/err") >> 8, 1, 'a full disk is a failure');
like(slurp("$dir/err"), qr/^vdsoctl: standard output: No space left/, 'with the reason');

done_testing();
