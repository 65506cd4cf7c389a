/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Where browsers of this machine look for roots: the NSS databases of Chromium
 * and Firefox, by `certutil`, and, for root, the store of the system. Each call
 * runs programs, and waits for them. */

typedef struct
{
  gchar *home;
  gchar *system; /* folder of the system's store; NULL: not for this user */
} VmtStores;

/* @home NULL: the user's. @system: whether the user is root. */
VmtStores *vmt_stores_new (const gchar *home, gboolean system);
void vmt_stores_free (VmtStores *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtStores, vmt_stores_free)

/* Whether there is `certutil`. */
gboolean vmt_stores_have_program (void);
/* Puts the root in @file into each as @name, in place of one of that name.
 * Returns: (transfer full): where it is now, texts; @faults: (transfer full):
 * of the others, sentences */
GPtrArray *vmt_stores_add (
    VmtStores *self, const gchar *file, const gchar *name, GPtrArray **faults);
/* Takes it out of each. Returns: (transfer full): out of which */
GPtrArray *vmt_stores_remove (VmtStores *self, const gchar *name);
