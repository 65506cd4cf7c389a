/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The one form of all bytes that trust hashes or signs: fields, each after its
 * length as four bytes, big-endian; the first field is the purpose. So no two
 * lists of fields have the same bytes, and a signature for one purpose is
 * useless for another. A number is a field of eight bytes, big-endian. */

#define VM_SHA256_SIZE 32 /* bytes */

typedef GByteArray VmTranscript;

/* @purpose: of this library alone, so it begins with "vm2 ". */
VmTranscript *vm_transcript_new (const gchar *purpose);
void
vm_transcript_add (VmTranscript *transcript, gconstpointer data, gsize size);
void vm_transcript_add_text (VmTranscript *transcript, const gchar *text);
void vm_transcript_add_bytes (VmTranscript *transcript, GBytes *bytes);
void vm_transcript_add_number (VmTranscript *transcript, guint64 number);
void vm_transcript_hash (
    const VmTranscript *transcript, guint8 hash[VM_SHA256_SIZE]);

/* SHA-256 of any bytes. */
void vm_sha256 (gconstpointer data, gsize size, guint8 hash[VM_SHA256_SIZE]);
