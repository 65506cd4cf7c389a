/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Tells when a trust store changes, whoever changes it: another process of this
 * user, or an editor. While it cannot be read for want of descriptors or memory
 * nothing has changed, and it is looked at again. It looks every
 * VM_STORE_WATCH_MS, which is a stat() of three files. */

#define VM_STORE_WATCH_MS 200 /* a change is told within two of these */

typedef struct
{
  const gchar *const *added; /* became known, trusted, or pardoned; new token */
  const gchar *const *removed; /* forgotten, or no longer trusted */
  const gchar *const *revoked; /* or once more */
  gboolean damaged; /* revocations cannot be read: nobody is trusted */
} VmStoreChange; /* device ids, each list NULL-terminated, in order */

typedef struct _VmStoreWatch VmStoreWatch;
typedef void (*VmStoreChanged) (
    const VmStoreChange *change, gpointer user_data);

/* @changed is called in @context (NULL: the calling thread's default), for what
 * changes after this call. It may free the watch. */
VmStoreWatch *vm_store_watch_new (VmTrustStore *store, GMainContext *context,
    VmStoreChanged changed, gpointer user_data);
/* Looks now: what has changed before this call was told when it returns, or the
 * store cannot be read just now. In @context's thread; may free the watch. */
void vm_store_watch_look (VmStoreWatch *watch);
/* As last told, or as it was at the start; in @context's thread. */
gboolean vm_store_watch_is_damaged (VmStoreWatch *watch);
/* In @context's thread; nothing is told afterwards. */
void vm_store_watch_free (VmStoreWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmStoreWatch, vm_store_watch_free)

G_END_DECLS
