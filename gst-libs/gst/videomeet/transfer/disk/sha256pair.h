/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* SHA-256 (FIPS 180-4) whose state can be copied; and two over the same bytes,
 * of a chunk and of its file, in less time than one after the other: the two
 * fill each other's instruction latency, and shared steps run once. On a
 * processor without SHA instructions OpenSSL hashes. */

#define VM_SHA256_BLOCK_SIZE 64 /* bytes */

typedef struct
{
  guint32 words[8];
} VmSha256State;

gboolean vm_sha256_pair_is_there (void);

/* The rest needs those instructions. */
VmSha256State vm_sha256_state_new (void);
/* Adds @blocks blocks. */
void vm_sha256_add (VmSha256State *state, const guint8 *data, gsize blocks);
/* Adds @blocks blocks to both. */
void vm_sha256_pair (
    VmSha256State *a, VmSha256State *b, const guint8 *data, gsize blocks);
/* The hash of @size bytes in all; @rest: the last ones, less than a block. */
void vm_sha256_state_end (const VmSha256State *state, const guint8 *rest,
    guint64 size, guint8 hash[VM_SHA256_SIZE]);
