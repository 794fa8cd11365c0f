/* SPDX-License-Identifier: MIT */
/* What QEMU tells by its fw_cfg device.
 * Owns: the format of its directory. Relies on: the machine's two functions. Never: writes an item. */
#include "dev/fw_cfg.h"

#include "core/string.h"

#define KEY_SIGNATURE 0x00
#define KEY_DIRECTORY 0x19
#define FILES_MAX 1024

void fw_cfg_read_item(const struct fw_cfg *f, uint16_t key, void *buf, size_t n)
{
	f->select(key);
	f->read(buf, n);
}

bool fw_cfg_present(const struct fw_cfg *f)
{
	char signature[4];

	fw_cfg_read_item(f, KEY_SIGNATURE, signature, sizeof(signature));
	return !memcmp(signature, "QEMU", sizeof(signature));
}

/* The directory is big endian. */
bool fw_cfg_find(const struct fw_cfg *f, const char *name, struct fw_cfg_file *file)
{
	uint32_t count;

	fw_cfg_read_item(f, KEY_DIRECTORY, &count, sizeof(count));
	count = __builtin_bswap32(count);
	for (uint32_t i = 0; i < MIN(count, FILES_MAX); i++) {
		f->read(file, sizeof(*file));
		file->size = __builtin_bswap32(file->size);
		file->key = __builtin_bswap16(file->key);
		if (!strncmp(file->name, name, sizeof(file->name)))
			return true;
	}
	return false;
}
