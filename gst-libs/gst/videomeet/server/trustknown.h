/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../trust/vmidentity.h"
#include "../trust/vmtrustfacts.h"

G_BEGIN_DECLS

/* What a trust store knows of devices, in memory: whoever admits people has no
 * time for the disk. Sans-I/O. */

typedef struct _VmKnown VmKnown;

/* @own: this device itself, which may do everything. */
VmKnown *vm_known_new (VmIdentity *own);
void vm_known_free (VmKnown *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmKnown, vm_known_free)

/* In the place of all that was known. @facts: (element-type VmTrustFacts).
 * @damaged: the list of revoked devices cannot be read. */
void vm_known_take (VmKnown *known, GPtrArray *facts, gboolean damaged);
/* In the place of what was known of that one. */
void vm_known_add (VmKnown *known, const VmTrustFacts *facts);

/* What is known of @device_id (NULL: a device without a key), that says it is
 * called so; either name may be NULL. With both, that another device was known
 * by them is a fact, too. Returns: (transfer full) */
VmTrustFacts *vm_known_get (VmKnown *known, const gchar *device_id,
    const gchar *user, const gchar *device);

G_END_DECLS
