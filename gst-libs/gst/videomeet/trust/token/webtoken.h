/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

G_BEGIN_DECLS

/* The claims of a JSON Web Token (RFC 7519) that one key has signed with the
 * one algorithm allowed for it. Pure; any thread. */

#define VM_WEBTOKEN_SIZE_MAX 4096 /* characters */

typedef struct
{
  const gchar *algorithm; /* as the header spells it: "ES256", "HS256" */
  GBytes *key; /* PEM of a public key, or the secret */
} VmWebtokenKey;

/* Refuses a token with another algorithm or a critical member (RFC 7515
 * §4.1.11) in its header, or with a second possible encoding:
 * VM_ERROR_CAP_INVALID.
 * Returns: (transfer full): the claims, of @size bytes */
gchar *vm_webtoken_read (
    const gchar *token, const VmWebtokenKey *key, gsize *size, GError **error);

G_END_DECLS
