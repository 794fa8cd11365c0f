#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the proof that debuggers, profilers, unwinders and checkers work with the image where vdsorun has mapped it.
# Relies on: build/host/vdsorun and vdsoctl; gcc, g++, llvm-objdump-19, readelf; gdb, perf and valgrind, or it says that there is none.
# Never: depends on how fast the machine is, but for a limit that means "it hangs".
use strict;
use warnings;
use Cwd qw(getcwd);
use File::Temp;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

my $arch = $ENV{ARCH} // 'x86_64';
my $build = $ENV{VDK_BUILD} // "build/$arch";
my $here = 'tests/host/tools';
my @under = ('build/host/vdsorun', '--');
my $dir = File::Temp->newdir;
plan skip_all => "what single-steps is written for x86_64, not for $arch" if $arch ne 'x86_64';

sub sh { system(@_) == 0 or BAIL_OUT("@_: failed") }
sub slurp { open my $file, '<:raw', $_[0] or return ''; local $/; return scalar(<$file>) // '' }
sub have { my ($program) = @_; return grep { -x "$_/$program" } split /:/, $ENV{PATH} }

sub start {
	my ($name, @command) = @_;
	my $pid = fork // die;
	return $pid if $pid;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>', "$dir/$name.out";
	open STDERR, '>', "$dir/$name.err";
	exec 'timeout', 55, @command;
	die;
}

sub finish {
	my ($pid, $name) = @_;
	waitpid $pid, 0;
	return { status => $?, out => slurp("$dir/$name.out"), err => slurp("$dir/$name.err") };
}
sub run { return finish(start('run', @_), 'run') }

my @flags = (qw(-O2 -g -Wall -Wextra -Werror -Itests -Ikit/include -Ikit), "-Ikit/arch/$arch", "-I$build");
sh('gcc', '-std=gnu11', @flags, '-o', "$dir/calls", "$here/calls.c");

# --- what the compiler promises the processor ---

my %at = map { /^([0-9a-f]+) T (\w+)$/ ? ($2 => hex $1) : () } qx(nm $build/vdso.so);
is(scalar(keys %at), 5, 'five functions');
my $bytes = slurp("$build/vdso.so");
is(unpack('H8', substr $bytes, $at{$_}, 4), 'f30f1efa', "$_ begins with endbr64") for sort keys %at; # file offset = address
like(scalar(qx(readelf -n $build/vdso.so)), qr/x86 feature: .*\bIBT\b/, 'and the property note says so');
my $audit = eval { decode_json(scalar qx(build/host/vdsoctl audit --json $build/vdso.so)) } // {};
is_deeply([map { $_->{verdict} } grep { $_->{rule} eq 'property' } @{$audit->{rules}}], ['pass'], 'which the audit finds right');

# --- exceptions ---

sh('gcc', '-std=gnu11', @flags, qw(-fexceptions -c -o), "$dir/catch.o", "$here/catch.c");
sh('g++', @flags, qw(-fnon-call-exceptions -c -o), "$dir/throw.o", "$here/throw.cc");
for (['dynamic'], ['static', '-static'], ['own', '-static-libgcc', '-static-libstdc++']) {
	my ($kind, @how) = @$_;
	sh('g++', @how, '-Wl,--wrap=_dl_find_object', '-o', "$dir/catch-$kind", "$dir/catch.o", "$dir/throw.o");
}

# A program's own TAP.
sub same {
	my ($claim, $run) = @_;
	note($run->{out});
	ok($run->{status} == 0 && $run->{out} =~ /^1\.\.\d+$/m && $run->{out} !~ /^not ok/m, $claim)
		or diag($run->{status}, $run->{out}, $run->{err});
}
same("$_ program under vdsorun: an exception leaves each step of each call", run(@under, "$dir/catch-$_")) for qw(dynamic static);
my $addresses = join '', map { /^ *([0-9a-f]+):\s/ ? "$1\n" : () } qx(llvm-objdump-19 -d --no-show-raw-insn $build/vdso.so);
open my $to, '>', "$dir/addresses" or die;
print $to $addresses;
close $to or die;
{
	local $ENV{VDK_BUILD} = $build;
	same('an exception leaves each instruction of the image', run("$dir/catch-own", "$dir/addresses"));
}

# --- gdb ---

# The timekeeper that serves `program`: gdb steps through a reading in more than a tick, and a reading that a tick interrupts starts again.
sub timekeeper_of {
	my ($program) = @_;
	for (1 .. 500) {
		my ($tracer) = slurp("/proc/$program/status") =~ /^TracerPid:\s+([1-9]\d*)/m;
		for (split ' ', $tracer ? slurp("/proc/$tracer/task/$tracer/children") : '') {
			return $_ if slurp("/proc/$_/comm") eq "vdsorun-time\n";
		}
		sleep 0.02;
	}
	BAIL_OUT("there is no timekeeper of $program");
}

SKIP: {
	skip 'there is no gdb', 8 if !have('gdb');
	# Both are children of one shell under vdsorun: the program, and gdb once there is a file.
	my $script = "$dir/calls 40 & echo \$!; until [ -e $dir/go ]; do sleep 0.05; done; "
		. "gdb -nx -batch -p \$! -x $here/steps.py 2>&1; kill \$!";
	my $pid = start('gdb', @under, 'sh', '-c', $script);
	my $program;
	for (1 .. 500) { ($program) = slurp("$dir/gdb.out") =~ /^pid (\d+)$/m and last; sleep 0.02 }
	my $keeper = timekeeper_of($program // BAIL_OUT('calls does not start'));
	kill STOP => $keeper;
	open my $go, '>', "$dir/go" or die;
	close $go;
	my $said = finish($pid, 'gdb')->{out};
	kill CONT => $keeper;
	for (qw(clock_gettime clock_getres gettimeofday time getcpu)) {
		like($said, qr/^$_: (?:__vdso_)?$_ (?:[2-9]|\d{2,3}) instructions, 0 wrong$/m,
			"gdb steps into $_, and at each instruction finds the way back, by names, with registers");
	}
	like($said, qr/^break: (?:__vdso_)?time$/m, 'a breakpoint is set by name');
	like($said, qr/^finish: call_all$/m, 'finish comes back to the caller');
	unlike($said, qr/Traceback|[Ee]rror/, 'gdb has nothing to complain of') or diag(grep { !/^0x/ } split /^/, $said);
}

# --- perf ---

SKIP: {
	skip 'there is no perf', 2 if !have('perf');
	my @perf = ('perf', '--buildid-dir', getcwd() . "/build/host/perf-$$");
	END { system('rm', '-rf', "build/host/perf-$$") if -d "build/host/perf-$$" }
	my @record = (@perf, qw(record -q -e cpu-clock:u --buildid-mmap -o), "$dir/perf.data", '--');
	my $can = run(@record, 'true');
	skip 'perf can record nothing on this system: ' . (split /\n/, $can->{err})[0], 2 if $can->{status};
	sh(@perf, 'buildid-cache', '--add', "$build/vdso.so");
	my $recorded = run(@record, @under, "$dir/calls", 1);
	like($recorded->{out}, qr/^right$/m, 'a program is recorded') or diag($recorded->{err});
	my $report = run(@perf, 'script', '-i', "$dir/perf.data", '--comm', 'calls', '-F', 'ip,sym,dso')->{out};
	my (%samples, $unknown);
	for (grep { /memfd:vdk-vdso/ } split /\n/, $report) {
		/^\s*[0-9a-f]+ (\w+) \(/ ? $samples{$1}++ : $unknown++;
	}
	note("$_: $samples{$_} samples") for sort keys %samples;
	my $named = grep { /^(?:__vdso_|rest_of_)?(?:clock_gettime|clock_getres|gettimeofday|time|getcpu)$/ } keys %samples;
	ok(!$unknown && $named >= 2, 'perf finds the function of each sample in the image, by its build-id')
		or diag(explain(\%samples), $unknown // 0, ' are unknown; ', $report);
}

# --- valgrind: it takes AT_SYSINFO_EHDR away from what it runs, which makes system calls then ---

SKIP: {
	skip 'there is no valgrind', 5 if !have('valgrind');
	my @valgrind = qw(valgrind -q --trace-children=yes --error-exitcode=9);
	my $run = run(@under, @valgrind, 'date', '+%s');
	is("$run->{status} $run->{err}", '0 ', 'valgrind runs a program under vdsorun, and reports nothing');
	ok(abs(($run->{out} || 0) - time) < 60, 'whose time is right');
	my $auxv = run(@under, 'env', 'LD_SHOW_AUXV=1', 'true')->{out};
	my $valgrind = run(@under, @valgrind, 'env', 'LD_SHOW_AUXV=1', 'true')->{out}; # of itself, and of the program
	(my $inside = $valgrind) =~ s/.*^AT_EXECFN:[^\n]*valgrind[^\n]*//ms;
	ok($auxv =~ /AT_SYSINFO_EHDR/ && $inside =~ /^AT_PHDR/m && $inside !~ /AT_SYSINFO_EHDR/, 'it sees no vDSO') or diag($auxv, $valgrind);
	$run = run('build/host/vdsorun', '--offset', -86400, '--', @valgrind, 'date', '+%s');
	is("$run->{status} $run->{err}", '0 ', 'with another time, too');
	ok(abs(($run->{out} || 0) - time + 86400) < 60, 'which is that of its system calls');
}

# --- AddressSanitizer ---

SKIP: {
	skip 'there is no AddressSanitizer', 1
		if system("gcc -std=gnu11 @flags -fsanitize=address,undefined -o $dir/asan $here/calls.c 2> $dir/cc.err");
	my $run = run(@under, "$dir/asan", 0.5);
	ok($run->{status} == 0 && $run->{out} =~ /^right$/m && $run->{err} eq '',
		'AddressSanitizer and UBSan have nothing to report of a program')
		or diag($run->{status}, $run->{out}, $run->{err});
}
done_testing;
