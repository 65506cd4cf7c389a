/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Reports changes of a trust store, including those by another process of this
 * user or an editor. It checks every VM_STORE_WATCH_MS, with a stat() of three
 * files. While the store cannot be read for lack of descriptors or memory it
 * reports nothing and tries again. */

#define VM_STORE_WATCH_MS 200 /* a change is reported within two of these */

typedef struct
{
  const gchar *const *added; /* known, trusted, or pardoned; new token */
  const gchar *const *removed; /* forgotten, or no longer trusted */
  const gchar *const *revoked; /* or once more */
  gboolean damaged; /* revocations cannot be read: no device is trusted */
} VmStoreChange; /* device ids, each list NULL-terminated, in order */

typedef struct _VmStoreWatch VmStoreWatch;
typedef void (*VmStoreChanged) (
    const VmStoreChange *change, gpointer user_data);

/* Calls @changed in @context (NULL: the calling thread's default) for changes
 * after this call. @changed may free the watch. */
VmStoreWatch *vm_store_watch_new (VmTrustStore *store, GMainContext *context,
    VmStoreChanged changed, gpointer user_data);
/* Checks now: it reports all earlier changes before it returns, unless the
 * store cannot be read now. In @context's thread; may free the watch. */
void vm_store_watch_look (VmStoreWatch *watch);
/* As last reported, or as at the start; in @context's thread. */
gboolean vm_store_watch_is_damaged (VmStoreWatch *watch);
/* In @context's thread; it reports nothing afterwards. */
void vm_store_watch_free (VmStoreWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmStoreWatch, vm_store_watch_free)

G_END_DECLS
