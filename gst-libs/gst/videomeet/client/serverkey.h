/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* The key of a server for which no authority vouches: whether an agent goes
 * there (security.md#server-keys). The policies are those by which a guest
 * judges a host, but a server has no user: it is known by its address. Belongs
 * to one thread; the disk is used on threads of GLib's pool. */

typedef struct _VmServerKey VmServerKey;

typedef struct
{
  VmIdentity *identity; /* of this device */
  VmTrustStore *store;
  const gchar *server; /* "https://HOST:PORT" */
  const gchar *host_id; /* device id that it must have; or NULL */
  VmPolicy policy;
  gboolean has_pin; /* it is to be shown one */
} VmServerKeyConfig;

VmServerKey *vm_server_key_new (const VmServerKeyConfig *config);
VmServerKey *vm_server_key_ref (VmServerKey *self);
/* Any thread. */
void vm_server_key_unref (VmServerKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmServerKey, vm_server_key_unref)

/* Reads what is known; before that every key is refused. What was judged before
 * is judged anew. */
void vm_server_key_load_async (
    VmServerKey *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean vm_server_key_load_finish (
    VmServerKey *self, GAsyncResult *result, GError **error);

/* Whether to go on with the server of @certificate; the first that is taken
 * excludes others. Errors: VM_ERROR_NOT_TRUSTED, VM_ERROR_KEY_CHANGED,
 * VM_ERROR_WRONG_KEY, VM_ERROR_HOST_UNKNOWN. */
gboolean vm_server_key_judge (
    VmServerKey *self, GTlsCertificate *certificate, GError **error);

/* Remembers the key that was taken, if there is something to remember. */
void vm_server_key_remember_async (
    VmServerKey *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean vm_server_key_remember_finish (
    VmServerKey *self, GAsyncResult *result, GError **error);

/* Lets @message take the certificate of that server, which the system does not
 * trust. vm_server_key_take_error() gives why it was not taken, or NULL
 * (transfer full). */
typedef struct _SoupMessage SoupMessage;
void vm_server_key_watch (VmServerKey *self, SoupMessage *message);
/* For a connection that is used again. */
gboolean vm_server_key_check (VmServerKey *self, SoupMessage *message);
GError *vm_server_key_take_error (SoupMessage *message);

G_END_DECLS
