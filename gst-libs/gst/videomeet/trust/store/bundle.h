/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* A trust store as one text, for safe keeping or another machine. No private
 * key is ever in it. Pure; any thread.
 *
 *   videomeet trust 1
 *   revoked: ID ISO8601          any number of these
 *   user: …, device: …, first-seen: …, certificate   as in devices/ID.pem
 *   certificate                  any number of tokens, about any device
 *   end
 */

#define VM_BUNDLE_TOKENS_MAX (2 * VM_TRUST_STORE_DEVICES_MAX)

typedef struct
{
  VmKnownDevice *device;
  gchar *certificate_pem;
  GBytes *spki;
} VmBundleDevice;

typedef struct
{
  GPtrArray *devices; /* of VmBundleDevice, each with a P-256 key */
  GPtrArray *tokens; /* of VmToken, nothing verified */
  GHashTable *revoked; /* see vm_revoked_new() */
} VmBundle;

VmBundle *vm_bundle_new (void);
void vm_bundle_free (VmBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmBundle, vm_bundle_free)

/* VM_ERROR_TOO_LARGE beyond VM_TRUST_BUNDLE_MAX, VM_TRUST_STORE_DEVICES_MAX,
 * VM_BUNDLE_TOKENS_MAX or VM_TRUST_STORE_REVOKED_MAX; VM_ERROR_BAD_MESSAGE for
 * a text that is no bundle, was cut, or holds a private key.
 * Returns: (transfer full) (nullable) */
VmBundle *vm_bundle_from_text (const gchar *text, gssize size, GError **error);

/* Returns: (transfer full) */
gchar *vm_bundle_to_text (const VmBundle *bundle);

G_END_DECLS
