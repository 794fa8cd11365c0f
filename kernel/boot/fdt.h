/* SPDX-License-Identifier: MIT */
/* Owns: reading the flattened device tree that firmware hands over.
 * Relies on: the Devicetree Specification 0.4, chapter 5; the direct map.
 * Who may include: kernel/boot, kernel/arch. */
#ifndef VDK_KERNEL_BOOT_FDT_H
#define VDK_KERNEL_BOOT_FDT_H

#include "core/types.h"

/* A node; NULL: there is none. Every function takes NULL and finds nothing in it. */
typedef const struct fdt_node *fdt_node_t;

/* Use the tree at `pa`, in the direct map, which stays there. Panics if it is damaged: nothing is known without it. */
void fdt_open(paddr_t pa);
uint32_t fdt_size(void); /* bytes; 0: none is open */

fdt_node_t fdt_root(void);
fdt_node_t fdt_first_child(fdt_node_t node);
fdt_node_t fdt_next_sibling(fdt_node_t node);
/* "/soc/uart"; a step without '@' also finds the first node with that name and a unit address. */
fdt_node_t fdt_find(const char *path);
/* The first node, in the tree's order, that is compatible with `what` and whose status is okay; after `after`, if that is
 * not NULL. */
fdt_node_t fdt_find_compatible(const char *what, fdt_node_t after);

const char *fdt_name(fdt_node_t node); /* with its unit address; "" for the root */
bool fdt_compatible(fdt_node_t node, const char *what);
bool fdt_usable(fdt_node_t node); /* its status is okay: nobody else's, and not absent */
/* NULL: it has none of that name. */
const void *fdt_property(fdt_node_t node, const char *name, uint32_t *size);
const char *fdt_string(fdt_node_t node, const char *name); /* NULL: none, or not a string */
/* Cell `index` of a property; false: it has none. */
bool fdt_cell(fdt_node_t node, const char *name, unsigned int index, uint32_t *value);
/* Range `index` of `reg`. Addresses are taken as physical: `ranges` that translate are not followed. */
bool fdt_reg(fdt_node_t node, unsigned int index, paddr_t *base, uint64_t *size);

#endif
