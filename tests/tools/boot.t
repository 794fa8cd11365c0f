#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof of what tools/boot promises, on the real kernel.
# Relies on: script(1), which gives a terminal; user/box.c and hello in the default root. Builds what is missing.
# Never: counts a kernel that does not boot as a skip.
use strict;
use warnings;
use Cwd qw(realpath);
use File::Temp;
use FindBin;
use IPC::Open2;
use POSIX qw(:signal_h :sys_wait_h);
use Test::More tests => 70;

my $boot = realpath("$FindBin::Bin/../../tools/boot");
my $build = realpath($ENV{VDK_BUILD} // "$FindBin::Bin/../../build/" . ($ENV{ARCH} // 'x86_64'));
my $box = '/bin/box';
my $dir = File::Temp->newdir;
mkdir "$dir/tmp" or die;
$ENV{TMPDIR} = "$dir/tmp";
delete @ENV{qw(VDSO ACCEL QEMU)};

sub put {
	my ($name, $bytes, $mode) = @_;
	open my $file, '>:raw', "$dir/$name" or die "$name: $!";
	print $file $bytes;
	close $file or die "$name: $!";
	chmod $mode, "$dir/$name" if defined $mode;
	return "$dir/$name";
}

sub get {
	my ($name) = @_;
	open my $file, '<:raw', "$dir/$name" or die "$name: $!";
	local $/;
	return scalar <$file> // '';
}

# Starts tools/boot. Of `%how`: in, the file that is standard input; closed, if it is closed instead; out, a handle for
# standard output; name, of the files that output goes to otherwise.
sub start {
	my ($how, @arguments) = @_;
	my $name = $how->{name} // 'run';
	my $pid = fork // die "fork: $!";
	return $pid if $pid;
	open STDIN, '<', $how->{in} // '/dev/null' or die;
	$how->{out} ? open STDOUT, '>&', $how->{out} : open STDOUT, '>', "$dir/$name.out" or die;
	open STDERR, '>', "$dir/$name.err" or die;
	POSIX::close(0) if $how->{closed};
	@SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
	exec $boot, @arguments or die;
}

sub finish {
	my ($pid, $name) = (@_, 'run');
	waitpid $pid, 0;
	return { status => $? >> 8, signal => $? & 127, out => get("$name.out"), err => get("$name.err") };
}

sub boot {
	my $how = ref $_[0] ? shift : {};
	return finish(start($how, @_));
}

sub alive {
	my ($mark) = @_;
	for (glob '/proc/[0-9]*/cmdline') {
		open my $file, '<', $_ or next;
		return 1 if (<$file> // '') =~ /\Q$mark\E/;
	}
	return 0;
}

sub gone_soon {
	my ($mark) = @_;
	for (1 .. 50) {
		return 1 if !alive($mark);
		select undef, undef, undef, 0.1;
	}
	return 0;
}

# Exit status

for my $status (0, 7, 255) {
	is(boot($box, 'exit', $status)->{status}, $status, "exit status $status is passed on");
}
for my $signal (SIGKILL, SIGSEGV, SIGTERM) {
	is(boot($box, 'kill', $signal)->{status}, 128 + $signal, "signal $signal gives 128 + $signal");
}

my $run = boot('--timeout', '2.5', $box, 'sleep', '1000000');
is_deeply([@$run{qw(status out err)}], [124, '', "boot: $box: timed out after 2.5 s\n"],
	'a time-out gives 124 and names the program');

$run = boot('--append', 'panic=test', $box, 'exit');
is($run->{status}, 125, 'a kernel panic gives 125');
like($run->{err}, qr/\Aboot: kernel panic: \S.*\n\z/, 'a kernel panic is named with its reason');

# A machine of shell commands shows what the kernel can't be made to do.
sub boot_on {
	my ($commands) = @_;
	local $ENV{QEMU} = put('qemu', "#!/bin/sh\n$commands\n", 0755);
	return boot('/prog');
}

$run = boot_on('echo the disk is on fire >&2; exit 1');
is_deeply([@$run{qw(status err)}], [125, "boot: the kernel did not boot: the disk is on fire\n"],
	"no boot gives 125 and shows QEMU's reason");
$run = boot_on('printf "\\020kone\\ntwo\\n\\0201"');
is_deeply([@$run{qw(status err)}], [125, "boot: the machine stopped before /prog ended: one\ntwo\n"],
	"a machine that stops half-way gives 125 and shows the log's end");
$run = boot_on('printf "\\020xyz"; exec sleep 1000');
is_deeply([@$run{qw(status err)}], [125, "boot: the kernel sent an unknown control sequence: b'\\x10xyz'\n"],
	'an unknown control sequence gives 125 and is shown');
$run = boot_on('for piece in "firmware\\n\\020" "1a\\020" "\\020b\\020q" "7;"; do printf "$piece"; sleep .1; done');
is_deeply([@$run{qw(status out err)}], [7, "a\x{10}b", ''], 'control sequences may come in pieces');
$run = boot_on('printf "\\020q5;"; exec sleep 1000');
is($run->{status}, 5, 'a machine that does not power off is ended');
{
	local $ENV{QEMU} = '/nonexistent/qemu';
	$run = boot($box, 'exit');
	is_deeply([@$run{qw(status err)}], [125, "boot: /nonexistent/qemu: No such file or directory\n"],
		'a missing QEMU gives 125 and is named');
}

# Usage

for (
	['--frobnicate', '--frobnicate', $box],
	['--smp', '--smp'],
	['--smp', '--smp', '0', $box],
	['65', '--smp', '65', $box],
	['1e1', '--smp', '1e1', $box],
	['--mem', '--mem', '31', $box],
	['lots', '--mem', 'lots', $box],
	['--timeout', '--timeout', '0', $box],
	['soon', '--timeout', 'soon', $box],
	['vax', '--arch', 'vax', $box],
	['/nonexistent/file', '--add', '/nonexistent/file', $box],
	['/bin', '--add', '/etc/passwd:/bin', $box],
	['/nonexistent/root', '--root', '/nonexistent/root', $box],
	['--append', '--append', 'a -- /b', $box],
	['--stats', '--stats=1', $box],
	['bin/hello', 'bin/hello'],
	['PROG', '--stats'],
) {
	my ($named, @arguments) = @$_;
	my $run = boot(@arguments);
	my $told = $run->{out} eq '' && $run->{err} =~ /\Aboot: [^\n]*\Q$named\E[^\n]*\n\z/;
	ok($run->{status} == 2 && $told, "bad usage gives 2 and names the argument: @arguments") or diag($run->{err});
}
{
	local $ENV{ARCH} = 'vax';
	$run = boot($box);
	like("$run->{status} $run->{err}", qr/\A2 boot: ARCH: 'vax'/, 'an unknown ARCH gives 2 and is named');
}

$run = boot('--help');
my @untold = grep { $run->{out} !~ /^  --$_\b/m }
	qw(arch smp mem root add append icount stats trace verbose timeout help);
is("$run->{status} @untold$run->{err}", '0 ', '--help describes every option');

# Streams

my $bytes = join '', map { chr } 0 .. 255, reverse 0 .. 255;
my $file = put('bytes', $bytes);
$run = boot('--add', $file, $box, 'cat', '/bytes');
ok($run->{status} == 0 && $run->{out} eq $bytes && $run->{err} eq '', 'standard output is exact, byte for byte');

$run = boot($box, 'both');
is_deeply([@$run{qw(out err)}], ["out\nout\n", "err\n"], 'standard output and standard error are separate');

# Input over an emulated line is slow, on some machines byte by byte: a whole MiB on one of them.
my $length = ($ENV{ARCH} // 'x86_64') eq 'x86_64' ? 1 << 20 : 1 << 16;
srand 1;
my $much = pack 'C*', map { int rand 256 } 1 .. $length;
$file = put('much', $much);
$run = boot({ in => $file }, '--timeout', '300', $box, 'cat');
ok($run->{status} == 0 && $run->{out} eq $much, "$length bytes of standard input go through whole");
is(boot({ in => '/dev/zero' }, $box, 'exit')->{status}, 0, 'input that nobody reads holds nothing up');
$run = boot({ in => $file }, '--timeout', '300', $box, 'count');
is($run->{out}, "$length\n", 'the end of input reaches the program');
is(boot($box, 'count')->{out}, "0\n", 'empty input is at its end');
is(boot({ closed => 1 }, $box, 'count')->{out}, "0\n", 'closed input is at its end');

{
	pipe my $reader, my $writer or die;
	my $pid = start({ out => $writer }, $box, 'repeat', 'closed-pipe-mark');
	close $writer;
	is(scalar <$reader>, "closed-pipe-mark\n", 'output is passed on while the program runs');
	close $reader;
	is(finish($pid)->{signal}, SIGPIPE, 'a closed output pipe ends tools/boot');
	ok(gone_soon('closed-pipe-mark'), 'a closed output pipe leaves no process');
}

# The root file system

my @odd = ('two words', '', "single ' and double \"", "new\nline", "tab\t", "\xc3\xa9\xe2\x82\xac", '%', '%41', '$HOME',
	'\\', '--', ',');
is(boot($box, 'show', @odd)->{out}, join('', map { "[$_]\n" } @odd), 'odd arguments arrive as given');
is(boot('--', $box, 'echo', '--smp', 'x')->{out}, "--smp x\n", "-- ends the options");
is(boot($box, 'echo', '--smp', 'x')->{out}, "--smp x\n", "PROG ends the options");

my $one = put('one', "1\n", 0751);
my $two = put('two', "2\n", 0640);
my @status = ($box, 'status');
$run = boot('--add', $one, '--add', "$two:/new/folder/two", @status, '/one', '/new/folder/two');
is($run->{out}, "751 0 0 2 /one\n640 0 0 2 /new/folder/two\n", '--add keeps modes and creates folders');
$run = boot('--add', "$one:/x", '--add', "$two:/x", $box, 'cat', '/x');
is($run->{out}, "2\n", 'a later --add replaces an earlier one');
$run = boot('--add', "$one:/bin/", $box, 'cat', '/bin/one');
is($run->{out}, "1\n", '--add puts a file in a folder of the root');

mkdir "$dir/root" or die;
mkdir "$dir/root/sub" or die;
system('cp', "$build/root/bin/box", "$dir/root/sub/box") == 0 or die;
symlink 'sub/box', "$dir/root/link" or die;
$run = boot('--root', "$dir/root", '/link', 'list', '/sub');
is("$run->{status} $run->{out}", "0 box\n", '--root is the root file system, links kept');

# Watching

$run = boot('--stats', $box, 'echo', 'hello');
like($run->{err}, qr/^stats: pid 1 box write [1-9][0-9]*$/m, '--stats counts system calls on standard error');
is($run->{out}, "hello\n", '--stats leaves standard output alone');
like(boot('--trace', $box, 'echo', 'hello')->{err}, qr/\bwrite\(1, "hello\\n"/, '--trace shows system calls');
is(boot($box, 'exit')->{err}, '', 'the kernel is silent by default');
$run = boot('--verbose', $box, 'echo', 'hello');
ok($run->{err} =~ /\S.*\n.*\S/ && $run->{out} eq "hello\n", '--verbose shows the log on standard error only');

{
	local $ENV{QEMU} = put('qemu', "#!/bin/sh\necho \"\$@\" >&2\nexit 1\n", 0755);
	local $ENV{VDSO} = 'off';
	like(boot('--smp', '3', '--mem', '1077', '--append', 'x=1 y', $box)->{err},
		qr/ -m 1077 -smp 3 .*(?:-append |,string=)console=mux x=1 y vdso=off -- \Q$box\E$/m,
		'CPUs, memory, --append and VDSO=off reach the machine');
}

my @costs = map { boot('--icount', '/bin/hello')->{out} =~ /^(ns per call.*)/ms } 1, 2;
ok(@costs == 2 && $costs[0] eq $costs[1], '--icount repeats every nanosecond') or diag(@costs);

# A terminal

is(boot($box, 'terminal')->{out}, "pipe pipe\n", 'pipes are no terminal');
SKIP: {
	skip 'this machine makes no pseudo-terminal', 4 if system('script -qec true /dev/null > /dev/null 2>&1');
	my $program = "$box terminal";
	my $session = put('session', "stty -g; '$boot' $program; echo \$?; stty -g\n");
	my $pid = open2(my $screen, my $keys, 'script', '-qec', "sh $session", "$dir/typescript");
	my $before = <$screen>;
	is(scalar <$screen>, "terminal terminal\r\n", 'a terminal outside is a terminal inside');
	syswrite $keys, "word\n";
	is(<$screen> . <$screen>, "word\r\nword\r\n", 'the guest echoes and edits lines');
	syswrite $keys, "\cC";
	my @rest = <$screen>;
	like($rest[-2], qr/130\r\n\z/, '^C interrupts the program inside');
	is($rest[-1], $before, "the terminal's settings are restored");
	waitpid $pid, 0;
}

# Nothing stays

for my $signal (SIGINT, SIGTERM, SIGHUP, SIGKILL) {
	pipe my $reader, my $writer or die;
	my $mark = "signal-mark-$signal";
	my $pid = start({ out => $writer }, $box, 'sleep', 1000000, 'up', $mark);
	close $writer;
	my $up = <$reader>;
	kill $signal, $pid;
	my $run = finish($pid);
	my $ended = ($up // '') eq "up\n" && $run->{signal} == $signal;
	ok($ended && gone_soon($mark), "signal $signal to tools/boot leaves no process");
}

my @pids = map { [$_, start({ name => $_ }, $box, 'echo', $_)] } 1 .. 4;
is(join('', map { finish($_->[1], $_->[0])->{out} } @pids), "1\n2\n3\n4\n", 'four at a time do not disturb each other');

chdir '/' or die;
is(boot($box, 'exit')->{status}, 0, 'it works from any directory');

is_deeply([glob "$dir/tmp/*"], [], 'no temporary file is made');
