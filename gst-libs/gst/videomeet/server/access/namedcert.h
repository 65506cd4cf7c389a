/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/* A certificate for names from an authority, because browsers do not know
 * device keys. Clients that ask for one of its names (SNI, RFC 6066 §3) get it;
 * devices ask for none and get the device's own. Never changes: any thread. */

typedef struct _VmNamedCert VmNamedCert;

/* PEM files; the certificate's has its chain after it. @key NULL or empty: in
 * the same file. VM_ERROR_FAILED, in words for people. */
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
