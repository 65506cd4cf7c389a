/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The names of things in the store and on the wire of a cluster. Pure. */

#define VM_CLUSTER_KEY_LENGTH \
  52 /* characters: base32 of a SHA-256, no padding */
#define VM_CLUSTER_NODE_MAX 64 /* letters, digits, `-` and `_` */
/* Random bytes of a token to resume with, so that with the hash of its room it
 * has VM_CLUSTER_TOKEN_LENGTH characters, of VM_SIGNAL_TOKEN_MAX. */
#define VM_CLUSTER_TOKEN_RANDOM 15
#define VM_CLUSTER_TOKEN_LENGTH 63

/* The form of a name or token in keys and subjects: base32 (RFC 4648 §6) of its
 * SHA-256, which hides the name. Returns: (transfer full) */
gchar *vm_cluster_key (const gchar *name);
/* Whether @text has that form, and so may be in a subject. */
gboolean vm_cluster_is_key (const gchar *text);
gboolean vm_cluster_is_node (const gchar *node);

/* The token that resumes a seat in the room @name: any server finds its record
 * by it, without an index. @random: VM_CLUSTER_TOKEN_RANDOM bytes. Returns:
 * (transfer full) */
gchar *vm_cluster_token_new (const guint8 *random, const gchar *name);
/* The key of its room; NULL: it is no such token. Returns: (transfer full) */
gchar *vm_cluster_token_get_key (const gchar *token);

G_END_DECLS
