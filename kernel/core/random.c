/* SPDX-License-Identifier: MIT */
/* A ChaCha20 generator that forgets its past: each request replaces the key before its output is given away.
 * Owns: the key.
 * Relies on: arch_entropy(); where the CPU has no source, on the jitter of its counter.
 * Never: blocks. There is no device to wait for: what can be known at boot is in the key after random_init(). */
#include "core/random.h"

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u
#define MAX_RW_COUNT 0x7ffff000UL

#define KEY_WORDS 8
#define BLOCK_BYTES 64
#define RESEED_REQUESTS 256

static struct spinlock lock;
static uint32_t key[KEY_WORDS];
static uint64_t requests;

static uint32_t rotl(uint32_t v, unsigned int n)
{
	return v << n | v >> (32 - n);
}

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotl(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotl(x[b] ^ x[c], 7);
}

/* RFC 8439, 2.3, with a 64-bit block counter and a zero nonce. */
static void chacha20_block(const uint32_t k[KEY_WORDS], uint64_t counter, uint32_t out[16])
{
	static const uint32_t constants[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t in[16];

	memcpy(in, constants, sizeof(constants));
	memcpy(in + 4, k, KEY_WORDS * sizeof(*k));
	in[12] = (uint32_t)counter;
	in[13] = (uint32_t)(counter >> 32);
	in[14] = in[15] = 0;
	memcpy(out, in, sizeof(in));
	for (int i = 0; i < 10; i++) {
		quarter(out, 0, 4, 8, 12);
		quarter(out, 1, 5, 9, 13);
		quarter(out, 2, 6, 10, 14);
		quarter(out, 3, 7, 11, 15);
		quarter(out, 0, 5, 10, 15);
		quarter(out, 1, 6, 11, 12);
		quarter(out, 2, 7, 8, 13);
		quarter(out, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++)
		out[i] += in[i];
}

/* The lock is held. */
static void absorb(uint64_t v)
{
	uint32_t block[16];

	key[0] ^= (uint32_t)v;
	key[1] ^= (uint32_t)(v >> 32);
	chacha20_block(key, 0, block);
	memcpy(key, block, sizeof(key));
}

/* The lock is held. Moves the generator on and leaves a key of its own for one request in `k`. */
static void request_key(uint32_t k[KEY_WORDS])
{
	uint32_t block[16];
	uint64_t v;

	if (requests++ % RESEED_REQUESTS == 0) {
		arch_entropy(&v);
		absorb(v);
	}
	chacha20_block(key, 0, block);
	memcpy(key, block, sizeof(key));
	memcpy(k, block + KEY_WORDS, KEY_WORDS * sizeof(*k));
	memset(block, 0, sizeof(block));
}

void random_init(void)
{
	unsigned long flags = spin_lock(&lock);
	bool hardware = true;
	uint64_t v;

	for (int i = 0; i < 8; i++) {
		hardware &= arch_entropy(&v);
		absorb(v);
	}
	/* Each sample holds the time that the hash before it took; a bit or less of it is unpredictable. */
	for (int i = 0; !hardware && i < 1024; i++) {
		arch_entropy(&v);
		absorb(v);
	}
	spin_unlock(&lock, flags);
	if (!hardware)
		log_warn("random: no hardware source; seeded from the jitter of the counter only");
}

void random_bytes(void *buf, size_t n)
{
	uint32_t k[KEY_WORDS], block[16];
	unsigned long flags = spin_lock(&lock);
	char *to = buf;

	request_key(k);
	spin_unlock(&lock, flags);
	for (uint64_t i = 0; n; i++) {
		size_t step = MIN(n, BLOCK_BYTES);

		chacha20_block(k, i, block);
		memcpy(to, block, step);
		to += step;
		n -= step;
	}
	memset(k, 0, sizeof(k));
	memset(block, 0, sizeof(block));
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

SYSCALL(getrandom)
{
	uaddr_t to = arg[0];
	size_t n = MIN(arg[1], MAX_RW_COUNT), done = 0;
	unsigned int flags = (unsigned int)arg[2];
	char chunk[256];

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	while (done < n) {
		size_t step = MIN(n - done, sizeof(chunk));

		random_bytes(chunk, step);
		if (copy_to_user(to + done, chunk, step))
			break;
		done += step;
		/* Linux: up to a page is never cut short by a signal. */
		if (done >= PAGE_SIZE && done % PAGE_SIZE == 0 && signal_pending(current_thread()))
			break;
		sched_relax();
	}
	memset(chunk, 0, sizeof(chunk));
	return done || !n ? (long)done : -EFAULT;
}
