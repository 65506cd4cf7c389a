/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "trust/pairing/requester.h"
#include "trust/store/storewatch.h"
#include <gst/videomeet/vmtrustrequest.h>
#include "wire/deviceinfo.h"

G_BEGIN_DECLS

/* Shared by vmtrustrequest.c (the object), vmtrustrequest-talk.c (the messages)
 * and vmtrustrequest-keep.c (the storing). */

struct _VmTrustRequest
{
  GObject parent;

  VmTrustStore *store;
  VmIdentity *identity;
  gchar *user;
  gchar *uri;
  VmPermissions permissions; /* for the other */
  gchar *key_hash; /* expected; after GET /status the one that was shown */

  GTask *task; /* while it runs */
  gboolean started;
  VmHttpClient *http;
  VmRequester *requester; /* NULL before GET /status is answered */
  GCancellable *calls; /* of what is sent */
  GSource *timer;
  GSource *cancelled;

  VmDeviceInfo *info; /* of the other, and its certificate */
  GTlsCertificate *certificate;
  gchar *device_id;
  gboolean told; /* the digits */
  VmStoreWatch *watch; /* from then on */
  gboolean looks; /* a look-up of @pardon in the store is under way */
  gchar *pardon; /* see vm_trust_store_add_anew() */
};

/* Ends all waiting; the task must still return. */
void vm_trust_request_stop_waiting (VmTrustRequest *self);
/* Takes @error; NULL: it went well. */
void vm_trust_request_finish (VmTrustRequest *self, GError *error);
/* Emits the signal. */
void vm_trust_request_tell_digits (VmTrustRequest *self);

/* GET /status */
void vm_trust_request_begin (VmTrustRequest *self);
/* Performs the next steps; may end the request. */
void vm_trust_request_pump (VmTrustRequest *self);

/* The result of a trust request, for the store. */
typedef struct
{
  VmTrustStore *store;
  VmIdentity *identity;
  GTlsCertificate *certificate; /* of the other device, as all that follows */
  GBytes *spki;
  VmPermissions permissions; /* granted to it */
  VmToken *held; /* that it gave this device */
  gchar *user, *device;
  gchar *pardon; /* see vm_trust_store_add_anew() */
} VmTrustMemory;

/* Writes it on a thread of GLib's pool. @memory is given away; @source is kept
 * until @callback, which takes the result by g_task_propagate_boolean(). */
void vm_trust_memory_keep_async (
    VmTrustMemory *memory, gpointer source, GAsyncReadyCallback callback);

/* The user has confirmed: looks up in the store which revocation that pardons,
 * on a thread of GLib's pool. Nothing is stored before the answer. */
void vm_trust_request_look (VmTrustRequest *self);
/* From now on a revocation of the other device ends the request. */
void vm_trust_request_watch (VmTrustRequest *self);

G_END_DECLS
