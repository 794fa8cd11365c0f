/* SPDX-License-Identifier: MIT */
/* The vDSO in each process.
 *
 * Owns: the image, embedded or given (vdso=PATH). Relies on: timekeeping.c for the data page.
 * Never: reads or writes that page. */
#include "vdso.h"

#include <vdk/image.h>
#include <vdk/linux_6_1.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/space.h"
#include "time/timekeeping.h"
#include "vdso-image.h"
#include "vdso_file.h"

#define IMAGE_PAGES (ALIGN_UP(VDK_IMAGE_SIZE, PAGE_SIZE) / PAGE_SIZE) /* image.S pads it with zeros */
#define MAX_PAGES (MAX(ALIGN_UP(VDSO_FILE_MAX, PAGE_SIZE) / PAGE_SIZE, IMAGE_PAGES))

/* A data page is the last bytes of a page of the kernel's. */
#define DATA_SPACE ALIGN_UP(VDK_IMAGE_SPACE_BELOW, PAGE_SIZE)
#define KERNEL_BELOW(below) ((below) - VDK_IMAGE_DATA_SIZE + PAGE_SIZE)
#define PROPER_BELOW KERNEL_BELOW(VDK_IMAGE_PROPER_BELOW)
_Static_assert(PROPER_BELOW <= DATA_SPACE && PROPER_BELOW % PAGE_SIZE == 0 && PROPER_BELOW >= 2 * PAGE_SIZE, "pages of their own");

#define LINUX_6_1_BELOW ALIGN_UP(ARCH_LINUX_6_1_BELOW, PAGE_SIZE)
#define LINUX_6_1_PROPER ALIGN_UP(ARCH_LINUX_6_1_PROPER, PAGE_SIZE)
#define LINUX_6_1_OFFSET (LINUX_6_1_BELOW - ARCH_LINUX_6_1_BELOW)
_Static_assert(LINUX_6_1_PROPER < LINUX_6_1_BELOW && LINUX_6_1_PROPER - ARCH_LINUX_6_1_PROPER == LINUX_6_1_OFFSET, "pages of their own");

extern const char vdso_image[]; /* image.S */

/* What every process gets. */
static struct {
	paddr_t pages[MAX_PAGES];
	size_t count;
	paddr_t linux_6_1;           /* the data page, if it is of that layout; 0: the native one */
	size_t below, proper, space; /* from the pages' starts up to the image; the lowest of all */
	uaddr_t sigreturn;
} vdso;
static bool mapping_off;
/* The native layout's only. */
static struct {
	size_t below;
	paddr_t page;
} more[2];
static size_t more_count;

static void use_image(const void *bytes, size_t size)
{
	vdso.count = ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE;
	for (size_t i = 0; i < vdso.count; i++) {
		char *page;

		vdso.pages[i] = page_alloc(0);
		if (!vdso.pages[i])
			panic("vdso: no memory for the image");
		page = arch_phys_to_virt(vdso.pages[i]);
		memset(page, 0, PAGE_SIZE);
		memcpy(page, (const char *)bytes + i * PAGE_SIZE, MIN(PAGE_SIZE, size - i * PAGE_SIZE));
	}
}

void vdso_init(void)
{
	_Static_assert(VDK_IMAGE_PAGE_VERSION == VDK_PAGE_VERSION, "image and kit are of one version");
	mapping_off = cmdline_is("vdso", "off");
	vdso.below = PAGE_SIZE;
	vdso.proper = PROPER_BELOW;
	vdso.space = DATA_SPACE;
#ifdef ARCH_VDSO_SIGRETURN
	vdso.sigreturn = ARCH_VDSO_SIGRETURN;
#endif
	use_image(vdso_image, VDK_IMAGE_SIZE);
	log_info("vdso: image %s%s", VDK_IMAGE_BUILD_ID, mapping_off ? ", not mapped (vdso=off)" : "");
}

static void read_file(const char *path, struct vdso_file *f)
{
	struct file *file;
	long n = file_open(path, O_RDONLY, 0, &file);

	f->bytes = kmalloc(VDSO_FILE_MAX + 1);
	if (n || !f->bytes)
		panic("vdso: %s: can't be opened", path);
	n = file_read_kernel(file, f->bytes, VDSO_FILE_MAX + 1, 0);
	file_put(file);
	if (n <= 0 || n > VDSO_FILE_MAX)
		panic("vdso: %s: %s", path, n > 0 ? "is larger than 64 KiB" : "can't be read");
	f->size = (size_t)n;
}

void vdso_load(void)
{
	const char *path = cmdline_get("vdso"), *layout = cmdline_get("vdso-layout"), *wrong;
	struct vdso_file f = { 0 };

	if (!layout || !*layout)
		layout = "native";
	f.linux_6_1 = !strcmp(layout, "linux-6.1");
	if (!f.linux_6_1 && strcmp(layout, "native"))
		panic("vdso: layout %s: is neither native nor linux-6.1", layout);
	if (!path || *path != '/')
		return;
	read_file(path, &f);
	wrong = vdso_file_check(&f);
	if (wrong)
		panic("vdso: %s: %s", path, wrong);
	for (size_t i = 0; i < vdso.count; i++)
		page_put(vdso.pages[i]);
	use_image(f.bytes, f.size);
	kfree(f.bytes);
	vdso.sigreturn = f.sigreturn;
	if (f.linux_6_1) {
		vdso.below = vdso.space = LINUX_6_1_BELOW;
		vdso.proper = LINUX_6_1_PROPER;
		vdso.linux_6_1 = timekeeping_linux_6_1(LINUX_6_1_OFFSET);
	}
	log_info("vdso: image %s, layout %s", path, layout);
}

/* Without the vDSO, where handlers must return through it: the one page of the image that holds the code. */
static int map_sigpage(struct space *s)
{
#ifdef ARCH_VDSO_SIGRETURN
	uaddr_t base = space_find_random(s, PAGE_SIZE);
	int rc = base ? space_map_pages(s, base, &vdso.pages[vdso.sigreturn / PAGE_SIZE], 1, ARCH_PROT_READ | ARCH_PROT_EXEC,
					"[sigpage]") : -ENOMEM;

	if (!rc)
		s->sigreturn = base + vdso.sigreturn % PAGE_SIZE;
	return rc;
#else
	(void)s;
	return 0;
#endif
}

void vdso_add_data_page(size_t below, paddr_t page)
{
	ASSERT(more_count < ARRAY_SIZE(more) && below <= VDK_IMAGE_SPACE_BELOW);
	more[more_count].below = KERNEL_BELOW(below);
	more[more_count++].page = page;
}

/* The time namespace's page in layout linux-6.1, for one process; 0: no memory. */
static paddr_t linux_6_1_namespace(paddr_t timens)
{
	const struct vdk_page *native = arch_phys_to_virt(timens) + PAGE_SIZE - VDK_IMAGE_DATA_SIZE;
	struct vdk_timespec offset[2];
	paddr_t page = page_alloc(0);
	char *kpage;

	if (!page)
		return 0;
	for (int i = 0; i < 2; i++) {
		int64_t ns = native->offset_ns[i] % (int64_t)VDK_NS_PER_SEC, sec = native->offset_ns[i] / (int64_t)VDK_NS_PER_SEC;

		offset[i] = ns < 0 ? (struct vdk_timespec){ sec - 1, ns + VDK_NS_PER_SEC } : (struct vdk_timespec){ sec, ns };
	}
	kpage = arch_phys_to_virt(page);
	memset(kpage, 0, PAGE_SIZE);
	vdk_linux_6_1_namespace((struct vdk_linux_6_1_data *)(void *)(kpage + LINUX_6_1_OFFSET), &offset[0], &offset[1]);
	return page;
}

static paddr_t proper_page(void)
{
	return vdso.linux_6_1 ? vdso.linux_6_1 : timekeeping_page();
}

/* The page that the image looks into first. */
static int map_data(struct space *s, paddr_t timens)
{
	paddr_t page = timens ? timens : proper_page(), own = 0;
	int rc;

	if (timens && vdso.linux_6_1) {
		page = own = linux_6_1_namespace(timens);
		if (!own)
			return -ENOMEM;
	}
	rc = space_map_pages(s, s->vdso - vdso.below, &page, 1, ARCH_PROT_READ, "[vvar]");
	if (own)
		page_put(own); /* it is the area's */
	return rc;
}

int vdso_map(struct space *s, paddr_t timens)
{
	paddr_t proper = proper_page();
	uaddr_t base;
	int rc;

	if (mapping_off)
		return map_sigpage(s);
	base = space_find_random(s, vdso.space + vdso.count * PAGE_SIZE);
	if (!base)
		return -ENOMEM;
	s->vdso = base + vdso.space;
	/* Also outside of a namespace, so that nothing else comes to be there. */
	rc = space_map_pages(s, s->vdso - vdso.proper, &proper, 1, ARCH_PROT_READ, "[vvar_proper]");
	for (size_t i = 0; !vdso.linux_6_1 && i < more_count && !rc; i++)
		rc = space_map_pages(s, s->vdso - more[i].below, &more[i].page, 1, ARCH_PROT_READ, "[vvar_vclock]");
	if (!rc)
		rc = map_data(s, timens);
	if (!rc)
		rc = space_map_pages(s, s->vdso, vdso.pages, vdso.count, ARCH_PROT_READ | ARCH_PROT_EXEC, "[vdso]");
#ifdef ARCH_VDSO_SIGRETURN
	s->sigreturn = s->vdso + vdso.sigreturn;
#endif
	return rc;
}

int vdso_switch(struct space *s, paddr_t timens)
{
	struct area_info *info;
	bool there;
	long rc;

	if (!s->vdso)
		return 0;
	info = kmalloc(sizeof(*info));
	if (!info)
		return -ENOMEM;
	there = space_describe(s, s->vdso - vdso.below, info, 1) && info->start == s->vdso - vdso.below && !strcmp(info->name, "[vvar]");
	kfree(info);
	if (!there)
		return 0;
	rc = space_munmap(s, s->vdso - vdso.below, PAGE_SIZE);
	return rc ? (int)rc : map_data(s, timens);
}
