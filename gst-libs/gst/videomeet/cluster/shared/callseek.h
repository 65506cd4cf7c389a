/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is said to users whose server is not known yet, until their records have
 * been read. Pure; `now` is monotonic time in µs. */

/* After this time nobody of that name is anywhere. */
#define VM_CALL_SEEK_TIME (5 * G_USEC_PER_SEC)
/* What waits for one user; beyond, it is lost. */
#define VM_CALL_SEEK_WORDS 64
#define VM_CALL_SEEK_BYTES (1024 * 1024)

typedef struct _VmCallSeek VmCallSeek;

/* May not call the seek. */
typedef void (*VmCallSeekSay) (const gchar *node, const gchar *from,
    const gchar *to, const gchar *call_id, GBytes *text, gpointer user_data);

VmCallSeek *vm_call_seek_new (void);
void vm_call_seek_free (VmCallSeek *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCallSeek, vm_call_seek_free)

/* Says that to @to as soon as it is found; @to is sought from now on. */
void vm_call_seek_say (VmCallSeek *self, const gchar *from, const gchar *to,
    const gchar *call_id, GBytes *text, gint64 now);
gboolean vm_call_seek_has (VmCallSeek *self, const gchar *name);
/* The names that are sought and have @key; NULL: those that were sought for
 * VM_CALL_SEEK_TIME. Returns: (transfer full) */
GPtrArray *vm_call_seek_list (VmCallSeek *self, const gchar *key, gint64 now);
/* @name is at @node, where all that waits is said, in order; NULL: it is
 * nowhere. */
void vm_call_seek_end (VmCallSeek *self, const gchar *name, const gchar *node,
    VmCallSeekSay say, gpointer user_data);

G_END_DECLS
