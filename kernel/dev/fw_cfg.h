/* SPDX-License-Identifier: MIT */
/* Owns: QEMU's fw_cfg device, wherever a machine has it.
 * Relies on: QEMU's docs/specs/fw_cfg; how the machine reads it.
 * Who may include: kernel/arch. */
#ifndef VDK_KERNEL_DEV_FW_CFG_H
#define VDK_KERNEL_DEV_FW_CFG_H

#include "core/types.h"

/* Filled by the machine. */
struct fw_cfg {
	void (*select)(uint16_t key);      /* begin to read the item */
	void (*read)(void *buf, size_t n); /* go on */
};

struct fw_cfg_file {
	uint32_t size;
	uint16_t key, reserved;
	char name[56];
};

bool fw_cfg_present(const struct fw_cfg *f);
/* The first `n` bytes of an item. */
void fw_cfg_read_item(const struct fw_cfg *f, uint16_t key, void *buf, size_t n);
/* The item that has this name; false: none. */
bool fw_cfg_find(const struct fw_cfg *f, const char *name, struct fw_cfg_file *file);

#endif
