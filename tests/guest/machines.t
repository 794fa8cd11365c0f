#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Owns: the claim that the kernel takes machine and CPU as it finds them: others than tools/boot's run the same program.
# Relies on: tools/boot's QEMU variable.
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use lib $FindBin::Bin;
use Boot;
use Test::More;

my %machines = (
	x86_64 => [
		['a plain CPU', 'q35', 'qemu64'],
		['an older chip set', 'pc', 'max'],
	],
	riscv64 => [
		['timer by SBI', 'virt', 'rv64,sstc=off'],
		['no vectors, no compressed extras', 'virt', 'rv64,v=off,zba=off,zbb=off'],
	],
	aarch64 => [
		['GICv3', 'virt,gic-version=3', 'max'],
		['entry at EL2, PSCI by SMC', 'virt,virtualization=on', 'max'],
		['GICv3, entry at EL2, no PAN, no atomics', 'virt,gic-version=3,virtualization=on', 'cortex-a53'],
		['a secure world', 'virt,secure=on', 'cortex-a76'],
	],
	loongarch64 => [],
);
my $directory = tempdir(CLEANUP => 1);
my $wrapper = "$directory/qemu";

# Tells tools/boot's QEMU of another machine.
open my $out, '>', $wrapper or BAIL_OUT("$wrapper: $!");
print $out <<'END';
#!/usr/bin/perl
for my $i (0 .. $#ARGV - 1) {
	$ARGV[$i + 1] = $ENV{MACHINE} if $ARGV[$i] eq '-M';
	$ARGV[$i + 1] = $ENV{CPU} if $ARGV[$i] eq '-cpu';
}
exec "qemu-system-$ENV{ARCH}", @ARGV or die "qemu-system-$ENV{ARCH}: $!\n";
END
close $out or BAIL_OUT("$wrapper: $!");
chmod 0755, $wrapper;

plan skip_all => "QEMU has one machine for $arch" if !@{$machines{$arch}};
for (@{$machines{$arch}}) {
	my ($what, $machine, $cpu) = @$_;
	local @ENV{qw(QEMU MACHINE CPU ARCH)} = ($wrapper, $machine, $cpu, $arch);
	my $boot = boot('--', '/bin/hello');

	is($boot->{status}, 0, "$what: it boots, runs a program, and switches off") or diag($boot->{err});
	like($boot->{out}, qr/^700000 calls of clock_gettime: 0 system calls$/m, "$what: user mode reads the counter")
		or diag($boot->{out});
}
done_testing();
