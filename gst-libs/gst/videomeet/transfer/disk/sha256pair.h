/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* Two SHA-256 of the same bytes (FIPS 180-4), that of a chunk and that of the
 * file which it belongs to, in a time that is nearly that of one: the
 * instructions for it wait for each other's results, and what both have in
 * common is made once. Where the processor has no such instructions OpenSSL
 * hashes twice. */

#define VM_SHA256_BLOCK_SIZE 64 /* bytes */

typedef struct
{
  guint32 words[8];
} VmSha256State;

gboolean vm_sha256_pair_is_there (void);

/* The rest is for who has it. */
VmSha256State vm_sha256_state_new (void);
/* On with both by so many blocks. */
void vm_sha256_pair (
    VmSha256State *a, VmSha256State *b, const guint8 *data, gsize blocks);
/* Of @size bytes in all, of which the last, fewer than a block, are @rest. */
void vm_sha256_state_end (const VmSha256State *state, const guint8 *rest,
    guint64 size, guint8 hash[VM_SHA256_SIZE]);
