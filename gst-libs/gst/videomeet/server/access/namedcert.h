/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/* A certificate for names, that an authority vouches for: browsers know nothing
 * of device keys. It is shown to who asks for one of its names (SNI, RFC 6066
 * §3), while devices ask for none and see the device's own. Never changed: any
 * thread. */

typedef struct _VmNamedCert VmNamedCert;

/* PEM files; the certificate's has those that vouch for it behind it. @key NULL
 * or empty: in the same file. VM_ERROR_FAILED, in words for people. */
VmNamedCert *
vm_named_cert_load (const gchar *file, const gchar *key, GError **error);
void vm_named_cert_free (VmNamedCert *named);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNamedCert, vm_named_cert_free)

/* Whether it is for this host, of a Host header or an SNI. */
gboolean vm_named_cert_covers (VmNamedCert *named, const gchar *host);
/* Its first name that is not a pattern, or NULL. */
const gchar *vm_named_cert_get_name (VmNamedCert *named);
/* @named stays as long as @context. */
void vm_named_cert_serve (VmNamedCert *named, SSL_CTX *context);

G_END_DECLS
