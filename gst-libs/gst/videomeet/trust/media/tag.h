/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/signature.h"

/* A tag beside each message of a stream, which one end makes and the other
 * checks; for messages in a pipeline (vmtrust). It is
 *
 *   "VMT1" | protection u8 | stream 16 | sequence u64, big-endian, from 1
 *   | proof
 *
 * where the proof is that of the transcript "vm2 tag", protection, stream,
 * sequence, message: 32 bytes of HMAC-SHA-256, or 64 of the device key's
 * signature, or 32 of SHA-256. SHA-256 only detects accidents: anybody can make
 * it.
 *
 * A checker accepts one stream, in which sequences only grow. A new checker can
 * be given the stream's number, so that it refuses a replay of a whole earlier
 * stream. */

#define VM_TAG_STREAM_SIZE 16 /* bytes; random */
#define VM_TAG_KEY_SIZE 32 /* bytes of an HMAC key */
#define VM_TAG_HEAD_SIZE 29 /* bytes before the proof */
#define VM_TAG_SIZE_MAX (VM_TAG_HEAD_SIZE + VM_SIGNATURE_SIZE)

typedef enum
{
  VM_TAG_HMAC = 1,
  VM_TAG_SIGNATURE = 2,
  VM_TAG_SHA256 = 3,
} VmTagProtection;

typedef struct _VmTagger VmTagger;
/* @identity signs, @key (VM_TAG_KEY_SIZE) is for HMAC: one of them, or neither
 * for SHA-256; @stream: random, used only once. */
VmTagger *vm_tagger_new (VmTagProtection protection, VmIdentity *identity,
    const guint8 *key, const guint8 stream[VM_TAG_STREAM_SIZE]);
void vm_tagger_free (VmTagger *tagger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTagger, vm_tagger_free)
/* The tag of the next message, or NULL with VM_ERROR_IDENTITY. */
GBytes *vm_tagger_make (
    VmTagger *tagger, gconstpointer data, gsize size, GError **error);

typedef struct _VmTagChecker VmTagChecker;
/* @spki: the key of the signer; @stream: its number, or NULL for the first
 * received. */
VmTagChecker *vm_tag_checker_new (VmTagProtection protection, GBytes *spki,
    const guint8 *key, const guint8 *stream);
void vm_tag_checker_free (VmTagChecker *checker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTagChecker, vm_tag_checker_free)
/* @tag: any bytes, or NULL when there is none; @missed (nullable): messages
 * missing before this one. VM_ERROR_BAD_MESSAGE: no tag of that protection;
 * VM_ERROR_SIGNATURE: the message was changed, has another sender, is a repeat,
 * or is of another stream; then nothing changes. */
gboolean
vm_tag_checker_check (VmTagChecker *checker, gconstpointer data, gsize size,
    const guint8 *tag, gsize tag_size, guint64 *missed, GError **error);

/* Finds the tag that follows a message: of @protection, or else of another.
 * FALSE: there is none. */
gboolean vm_tag_find (
    VmTagProtection protection, const guint8 *data, gsize size, gsize *at);
