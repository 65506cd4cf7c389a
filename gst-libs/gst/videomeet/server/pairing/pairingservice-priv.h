/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/nodethread.h"
#include "trust/pairing/approver.h"
#include "trust/store/storewatch.h"
#include "server/pairing/pairingservice.h"

/* Shared by pairingservice.c (its thread and its life), pairingrequests.c (the
 * four requests and the user's answers), pairingstore.c (the store) and
 * pairingnews.c (refused joins and new guests). */

typedef struct
{
  guint64 serial;
  VmTrustAskKind kind;
  GTlsCertificate *certificate;
  GBytes *spki;
  gchar *group;
  GBytes *data;
  gint *waiting; /* counts it until it is handled */

  /* of a poll that is held */
  gchar *request_id;
  gint64 until;
  gboolean ready;
} VmTrustAsk;

struct _VmPairingService
{
  VmIdentity *identity; /* these never change */
  VmTrustStore *store;
  gint news; /* atomic: news on their way here, see VM_TRUST_NEWS_MAX */
  gint asks; /* the same; see VM_TRUST_ASKS_MAX */
  guint64 guests; /* only the server's thread: counts those to remember */
  VmPairingServiceFuncs funcs;
  gpointer user_data;
  GMutex lock; /* of what follows; no other is taken under it */
  VmNodeThread *thread; /* "vm-trust"; NULL: closed */
  VmNodeThread *watcher; /* "vm-watch"; as well */
  VmServer *server; /* attached, or NULL */
  gboolean told; /* it has the store's facts */
  guint64 written; /* the last guest passed to the store */

  /* only the watcher: it never waits for the store's lock */
  gboolean unwatched;
  VmStoreWatch *watch;
  GSource *again; /* repeats the report */

  /* only the thread, from here on */
  gboolean closed;
  VmApprover *approver;
  GSource *timer;
  gint64 passed; /* by vm_pairing_service_pass_time() */
  VmApprove approve;
  VmPermissions permissions; /* for approved devices */
  gchar *prompted; /* the prompted request, or NULL */
  gchar *prompted_device; /* its device, also afterwards */
  GHashTable *pardons; /* approved request -> the revocation that it pardons;
                        * see vm_trust_store_add_anew() */
  GPtrArray *held; /* of VmTrustAsk */
  const VmTrustAsk *current; /* being answered */
};

/* Runs @func on the thread, unless the service is closed by then; it may take
 * *@data. */
typedef void (*VmPairingServiceFunc) (
    VmPairingService *pairing, gpointer *data);
void vm_pairing_service_post (VmPairingService *pairing,
    VmPairingServiceFunc func, gpointer data, GDestroyNotify destroy);

/* Any thread. NULL when there is none. Returns: (transfer full) */
VmServer *vm_pairing_service_dup_server (VmPairingService *pairing);

/* The rest is the thread's. */

/* pairingrequests.c */
void vm_trust_ask_free (VmTrustAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustAsk, vm_trust_ask_free)
void vm_pairing_service_open_asks (VmPairingService *pairing);
/* Call it after each call of the approver, never from inside one. */
void vm_pairing_service_settle (VmPairingService *pairing);
/* The user's answer, given at @said in Unix µs, to the prompted request;
 * ignores any other. */
void vm_pairing_service_say (VmPairingService *pairing, const gchar *request_id,
    gboolean approve, gint64 said);

/* pairingstore.c; the first three on the watcher */
void vm_pairing_service_open_store (VmPairingService *pairing);
void vm_pairing_service_close_store (VmPairingService *pairing);
/* Passes the store's facts to the server. */
void vm_pairing_service_tell_known (VmPairingService *pairing);
/* The same, done by the watcher before this returns, in order, so that older
 * facts cannot arrive later. FALSE when it takes longer than @time_ms, or the
 * store cannot be read now: then it follows. */
gboolean
vm_pairing_service_call_known (VmPairingService *pairing, guint time_ms);
/* As of VmApproverFuncs. */
gboolean vm_pairing_service_remember (const VmTrustPrompt *peer, VmToken *given,
    gpointer user_data, GError **error);
