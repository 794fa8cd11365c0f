#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: vDSOs that are given: a stock Linux 6.1's, vdk's for Linux's page, vdk's own; and those that are refused.
# Relies on: tools/stock-vdso for the stock image, where Debian has Linux 6.1 for the architecture.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Temp;
use Boot;
use Test::More;

my @linux = ('--vdso-layout', 'linux-6.1');
my ($libc) = libcs();

# hello shows it all, and so does the test of the seven clocks; neither through a system call.
sub serves {
	my ($what, @options) = @_;
	my $hello = boot('--stats', @options, '--', '/bin/hello');
	my $raw_calls = 2 + 7 * (10000 + 3);

	is($hello->{status}, 0, "with $what, hello succeeds") or diag($hello->{err});
	like($hello->{out}, qr/^700000 calls of clock_gettime: 0 system calls$/m, "with $what, no clock is a system call");
	my ($calls) = $hello->{err} =~ /^stats: pid 1 hello clock_gettime (\d+)$/m;
	is($calls, $raw_calls, "with $what, the kernel counted no clock_gettime but the raw ones");
	my $session = sessions(\@options, [
		["clocks-$libc", "/tests/clocks-$libc"],
		["step-$libc", "/tests/step-$libc"],
		["signals-$libc", "/tests/signals-$libc"],
	]);
	tap("$_ with $what", $session->{$_}) for "clocks-$libc", "step-$libc", "signals-$libc";
}

# A stock image for x86_64 has bare RDTSC in the file; in memory, RDTSCP, which waits for what was before.
sub serves_in_order {
	my ($stock) = @_;
	my $dump = boot('--vdso', $stock, @linux, '--', '/bin/box', 'vdso');
	my $code = unpack 'H*', $dump->{out};
	my $file = unpack 'H*', substr(slurp($stock), 0, 4096);

	is(length $code, 8192, 'the image can be read from memory') or diag($dump->{err});
	is(() = $file =~ /0f31/g, 3 + (() = $file =~ /0faee80f31/g), 'the file has three bare RDTSC');
	is(() = $code =~ /0f01f9/g, 3 + (() = $file =~ /0f01f9/g), 'in memory they are RDTSCP');
}

sub refused {
	my ($what, $reason, @options) = @_;
	my $boot = boot(@options, '--', '/bin/hello');

	like($boot->{err}, qr/^boot: .*$reason$/m, "$what is refused");
	isnt($boot->{status}, 0, "with a status");
}

sub file {
	my ($bytes) = @_;
	my $file = File::Temp->new;
	binmode $file;
	print $file $bytes;
	close $file;
	return $file;
}

sub slurp {
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!";
	local $/;
	return <$in>;
}

serves('vdso-linux-6.1.so', '--vdso', "$build/vdso-linux-6.1.so", @linux);
my $counterless = boot('--append', 'counter=unstable', '--vdso', "$build/vdso-linux-6.1.so", @linux, '--', '/bin/hello');
like($counterless->{out}, qr/^700000 calls of clock_gettime: 500000 system calls$/m,
	'without a counter, all but the coarse clocks are system calls');

SKIP: {
	my $stock = "$build/stock-vdso.so";
	my %debian = map { $_ => 1 } qw(x86_64 aarch64);
	skip "Debian has no Linux 6.1 for $arch", 6 if !$debian{$arch};
	my $fetched = run("$Boot::project/tools/stock-vdso", $arch, $stock);
	skip "no stock image: $fetched->{err}", 6 if $fetched->{status} != 0;
	serves('a stock vDSO', '--vdso', $stock, @linux);
	serves_in_order($stock) if $arch eq 'x86_64';
	refused('a stock vDSO for the native page', 'kernel panic: vdso: .*does not say that it reads vdk\'s native page .*',
		'--vdso', $stock);
}

my $native = boot('--vdso', "$build/vdso.so", '--', '/bin/hello');
like($native->{out}, qr/^700000 calls of clock_gettime: 0 system calls$/m, 'the built image can be given too');

refused('a native image for the other layout', 'kernel panic: vdso: .*reads vdk\'s native page, not layout linux-6.1',
	'--vdso', "$build/vdso.so", @linux);
my $good = slurp("$build/vdso-linux-6.1.so");
my $sections = $good;
substr($sections, 60, 2) = "\0\0";
refused('an image without section headers', 'kernel panic: vdso: .*has no program or section headers', '--vdso', file($sections), @linux);
refused('no file', '/nowhere: No such file or directory', '--vdso', '/nowhere');
refused('an empty file', 'is no ELF file of 64 bits, little-endian', '--vdso', file(''));
refused('a large file', 'is larger than 64 KiB', '--vdso', file($good . "\0" x 65536));
my $other = $good;
substr($other, 18, 2) = "\3\0";
refused('an image for another machine', "is not for $arch", '--vdso', file($other));
my $executable = $good;
substr($executable, 16, 2) = "\2\0";
refused('an executable', 'is no shared object', '--vdso', file($executable));
my $two = $good;
substr($two, unpack('Q<', substr($two, 32, 8)) + 56, 4) = "\1\0\0\0";
refused('an image in two segments', 'has 2 segments to load, not one', '--vdso', file($two));
refused('another layout', "--vdso-layout: 'linux-5.4' is not a layout .*", '--vdso', "$build/vdso.so", '--vdso-layout', 'linux-5.4');
refused('a layout alone', '--vdso-layout: needs --vdso FILE', @linux);
done_testing();
