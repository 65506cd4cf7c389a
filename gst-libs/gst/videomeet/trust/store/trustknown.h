/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtrustfacts.h>

G_BEGIN_DECLS

/* What a trust store knows of devices, in memory: whoever admits people has no
 * time for the disk. Sans-I/O. */

typedef struct _VmKnown VmKnown;

/* @own: this device itself, which may do everything. */
VmKnown *vm_known_new (VmIdentity *own);
void vm_known_free (VmKnown *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmKnown, vm_known_free)

/* In the place of all that was known, but for the guests whose number is above
 * @written: the store was read before they were in it. @facts: (element-type
 * VmTrustFacts). @damaged: the list of revoked devices cannot be read. */
void vm_known_take (
    VmKnown *known, GPtrArray *facts, gboolean damaged, guint64 written);
/* How many devices are known. */
guint vm_known_count (VmKnown *known);
/* In the place of what was known of that one: a guest that the store is to
 * remember, too. @number: counts them from 1, each higher than the one before;
 * 0: it is known until all is taken the next time. */
void
vm_known_add_guest (VmKnown *known, const VmTrustFacts *facts, guint64 number);

/* What is known of @device_id (NULL: a device without a key), that says it is
 * called so; NULL: it has not said yet, "": it has no such name. With a user's
 * name and either of a device, that another device was known by them is a fact,
 * too: by both, or if it has no name itself by that of the user. Returns:
 * (transfer full)
 */
VmTrustFacts *vm_known_get (VmKnown *known, const gchar *device_id,
    const gchar *user, const gchar *device);

G_END_DECLS
