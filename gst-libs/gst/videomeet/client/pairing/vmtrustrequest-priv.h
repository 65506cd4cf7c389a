/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "trust/pairing/requester.h"
#include "trust/store/storewatch.h"
#include <gst/videomeet/vmtrustrequest.h>
#include "wire/deviceinfo.h"

G_BEGIN_DECLS

/* What vmtrustrequest.c (the object), vmtrustrequest-talk.c (what is said) and
 * vmtrustrequest-keep.c (what is remembered) share. */

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
  gboolean looks; /* the store is asked what the user pardons; see @pardon */
  gchar *pardon; /* see vm_trust_store_add_anew() */
};

/* Ends all waiting; the task is still to return. */
void vm_trust_request_stop_waiting (VmTrustRequest *self);
/* Takes @error; NULL: it went well. */
void vm_trust_request_finish (VmTrustRequest *self, GError *error);
/* Emits the signal. */
void vm_trust_request_tell_digits (VmTrustRequest *self);

/* GET /status */
void vm_trust_request_begin (VmTrustRequest *self);
/* Does what is to be done now; may end the request. */
void vm_trust_request_pump (VmTrustRequest *self);

/* What a request for trust has come to, for the store. */
typedef struct
{
  VmTrustStore *store;
  VmIdentity *identity;
  GTlsCertificate *certificate; /* of the other device, as all that follows */
  GBytes *spki;
  VmPermissions permissions; /* that it is given */
  VmToken *held; /* what it gave this one */
  gchar *user, *device;
  gchar *pardon; /* see vm_trust_store_add_anew() */
} VmTrustMemory;

/* Writes it on a thread of GLib's pool. @memory is given away; @source is kept
 * until @callback, which takes the result by g_task_propagate_boolean(). */
void vm_trust_memory_keep_async (
    VmTrustMemory *memory, gpointer source, GAsyncReadyCallback callback);

/* The user has confirmed: what they pardon by it is asked of the store, on
 * a thread of GLib's pool. Nothing is remembered before that is known. */
void vm_trust_request_look (VmTrustRequest *self);
/* From now on a revocation of the other device ends the request. */
void vm_trust_request_watch (VmTrustRequest *self);

G_END_DECLS
