/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "device.h"
#include "provider/cryptodev.h"

enum { PAGE = 4096, ROOM = 64, IV_MAX = 16, IV_MIN = 12 };

/* A buffer of the client's and its image here, which lies as far into a page. */
struct image {
	pid_t pid;
	uint8_t *there, *here;
	void *block;
};

static ssize_t peek(pid_t pid, const uint8_t *there, uint8_t *here, size_t n)
{
	const struct iovec local = {here, n}, remote = {(void *)(uintptr_t)there, n};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

static int poke(pid_t pid, uint8_t *there, const uint8_t *here, size_t n)
{
	const struct iovec local = {(void *)(uintptr_t)here, n}, remote = {there, n};

	return n == 0 || process_vm_writev(pid, &local, 1, &remote, 1, 0) == (ssize_t)n ? 0 : -EFAULT;
}

/* Room for size bytes, the first n of them the client's, of which at least least can be had. A client's NULL stays
 * NULL: what to make of it is the model's part. */
static int image_open(struct image *i, pid_t pid, uint8_t *there, size_t size, size_t n, size_t least)
{
	size_t offset = (uintptr_t)there % PAGE;

	*i = (struct image){.pid = pid, .there = there};
	if (!there)
		return 0;
	i->block = aligned_alloc(PAGE, (offset + size + PAGE) / PAGE * PAGE);
	if (!i->block)
		return -ENOMEM;
	i->here = (uint8_t *)i->block + offset;
	memset(i->here, 0, size);
	return n == 0 || peek(pid, there, i->here, n) >= (ssize_t)least ? 0 : -EFAULT;
}

static int image_write(const struct image *i, size_t n)
{
	return i->there ? poke(i->pid, i->there, i->here, n) : 0;
}

static void image_close(struct image *i)
{
	free(i->block);
}

/* The model's pointer is into the image; what it names is the client's. */
static void late_write(void *arg, const uint8_t *here, size_t n)
{
	const struct image *dst = arg;

	poke(dst->pid, dst->there, here, n);
}

/* dst as another view of src, when both are one. */
static int image_open_dst(struct image *dst, struct image *src, uint8_t *there, size_t size)
{
	if (there != src->there)
		return image_open(dst, src->pid, there, size, 0, 0);
	*dst = *src;
	dst->block = NULL;
	return 0;
}

static int carry_session(struct lab_file *f, pid_t pid, void *structure)
{
	struct slu_dc_session_op *there = structure, op = *there;
	struct image key = {0}, mac_key = {0};
	int error = -EINVAL;

	if (op.keylen > SLU_DC_HMAC_KEY_MAX || op.mackeylen > SLU_DC_HMAC_KEY_MAX)
		return -EINVAL;
	error = image_open(&key, pid, op.key, op.keylen + 1, op.keylen, op.keylen);
	if (!error)
		error = image_open(&mac_key, pid, op.mackey, op.mackeylen + 1, op.mackeylen, op.mackeylen);
	if (!error) {
		op.key = key.here;
		op.mackey = mac_key.here;
		error = lab_file_ioctl(f, SLU_DC_CIOCGSESSION, &op, NULL);
		there->ses = op.ses;
	}
	image_close(&key);
	image_close(&mac_key);
	return error;
}

static int carry_crypt(struct lab_file *f, pid_t pid, void *structure)
{
	const struct slu_dc_crypt_op *there = structure;
	struct slu_dc_crypt_op op = *there;
	struct image src = {0}, dst = {0}, iv = {0};
	const struct lab_late late = {late_write, &dst};
	int error = image_open(&src, pid, op.src, (size_t)op.len + 1, op.len, op.len);

	if (!error)
		error = image_open_dst(&dst, &src, op.dst, (size_t)op.len + 1);
	if (!error)
		error = image_open(&iv, pid, op.iv, IV_MAX, IV_MAX, IV_MAX);
	if (error)
		goto out;
	op.src = src.here;
	op.dst = dst.here;
	op.iv = iv.here;
	error = lab_file_ioctl(f, SLU_DC_CIOCCRYPT, &op, &late);
	if (!error)
		error = image_write(&dst, op.len);
	if (!error && op.flags & SLU_DC_FLAG_WRITE_IV)
		error = image_write(&iv, IV_MAX);
out:
	image_close(&src);
	image_close(&dst);
	image_close(&iv);
	return error;
}

/* What CIOCAUTHCRYPT changes in its structure. */
static void auth_answer(struct slu_dc_auth_op *there, const struct slu_dc_auth_op *op)
{
	if (op->tag)
		there->tag = there->dst + (op->tag - op->dst);
	there->len = op->len;
	there->tag_len = op->tag_len;
}

static int carry_auth(struct lab_file *f, pid_t pid, void *structure)
{
	struct slu_dc_auth_op *there = structure, op = *there;
	struct image src = {0}, dst = {0}, aad = {0}, iv = {0};
	const struct lab_late late = {late_write, &dst};
	size_t size = (size_t)op.len + ROOM;
	int error = image_open(&src, pid, op.src, size, op.len, op.len);

	if (!error)
		error = image_open_dst(&dst, &src, op.dst, size);
	if (!error)
		error = image_open(&aad, pid, op.auth_src, (size_t)op.auth_len + 1, op.auth_len, op.auth_len);
	/* GCM's is of 12 bytes, and iv_len is not to be trusted more than the module does. */
	if (!error)
		error = image_open(&iv, pid, op.iv, IV_MAX, IV_MAX, IV_MIN);
	if (error)
		goto out;
	op.src = src.here;
	op.dst = dst.here;
	op.auth_src = aad.here;
	op.iv = iv.here;
	op.tag = NULL;
	error = lab_file_ioctl(f, SLU_DC_CIOCAUTHCRYPT, &op, &late);
	if (!error)
		error = image_write(&dst, op.len);
	if (!error && op.flags & SLU_DC_FLAG_WRITE_IV)
		error = image_write(&iv, op.tag ? IV_MIN : IV_MAX);
	if (!error)
		auth_answer(there, &op);
out:
	image_close(&src);
	image_close(&dst);
	image_close(&aad);
	image_close(&iv);
	return error;
}

static int carry_plain(struct lab_file *f, unsigned number, void *structure)
{
	return lab_file_ioctl(f, number, structure, NULL);
}

/* No pointers inside: CIOCFSESSION, CIOCGSESSINFO, and what is unknown. */
static int carry(struct lab_file *f, pid_t pid, unsigned number, void *structure)
{
	static const struct {
		unsigned number;
		int (*run)(struct lab_file *f, pid_t pid, void *structure);
	} kinds[] = {{SLU_DC_CIOCGSESSION, carry_session},
		     {SLU_DC_CIOCCRYPT, carry_crypt},
		     {SLU_DC_CIOCAUTHCRYPT, carry_auth}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].number == number)
			return kinds[i].run(f, pid, structure);
	return carry_plain(f, number, structure);
}

/* The structures as a 32-bit program has them: its pointers are numbers here. */
struct compat_session_op {
	uint32_t cipher, mac, keylen, key, mackeylen, mackey, ses;
};

struct compat_crypt_op {
	uint32_t ses;
	uint16_t op, flags;
	uint32_t len, src, dst, mac, iv;
};

#define COMPAT_CIOCGSESSION _IOWR('c', 102, struct compat_session_op)
#define COMPAT_CIOCCRYPT    _IOWR('c', 104, struct compat_crypt_op)

static uint8_t *pointer(uint32_t address)
{
	return (uint8_t *)(uintptr_t)address; /* the client's, not to be followed here */
}

static int compat_session(struct lab_file *f, pid_t pid, void *structure)
{
	struct compat_session_op narrow;
	struct slu_dc_session_op op;
	int error;

	memcpy(&narrow, structure, sizeof narrow);
	op = (struct slu_dc_session_op){.cipher = narrow.cipher,
					.mac = narrow.mac,
					.keylen = narrow.keylen,
					.key = pointer(narrow.key),
					.mackeylen = narrow.mackeylen,
					.mackey = pointer(narrow.mackey)};
	error = carry_session(f, pid, &op);
	narrow.ses = op.ses;
	memcpy(structure, &narrow, sizeof narrow);
	return error;
}

static int compat_crypt(struct lab_file *f, pid_t pid, void *structure)
{
	struct compat_crypt_op narrow;
	struct slu_dc_crypt_op op;

	memcpy(&narrow, structure, sizeof narrow);
	op = (struct slu_dc_crypt_op){.ses = narrow.ses,
				      .op = narrow.op,
				      .flags = narrow.flags,
				      .len = narrow.len,
				      .src = pointer(narrow.src),
				      .dst = pointer(narrow.dst),
				      .mac = pointer(narrow.mac),
				      .iv = pointer(narrow.iv)};
	return carry_crypt(f, pid, &op);
}

/* A 64-bit kernel has no other ioctl for 32-bit programs: CIOCAUTHCRYPT of theirs is unknown. */
int client_ioctl(struct lab_file *f, pid_t pid, bool compat, unsigned number, void *structure)
{
	if (!compat)
		return carry(f, pid, number, structure);
	if (number == COMPAT_CIOCGSESSION)
		return compat_session(f, pid, structure);
	if (number == COMPAT_CIOCCRYPT)
		return compat_crypt(f, pid, structure);
	if (number == SLU_DC_CIOCFSESSION || number == SLU_DC_CIOCGSESSINFO)
		return carry_plain(f, number, structure);
	return carry_plain(f, 0, structure); /* counted, and refused */
}
