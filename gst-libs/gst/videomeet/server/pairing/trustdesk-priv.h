/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/nodethread.h"
#include "trust/pairing/approver.h"
#include "trust/store/storewatch.h"
#include "server/pairing/trustdesk.h"

/* What trustdesk.c (its thread and its life), trustdeskasks.c (the four
 * requests and the user's answers), trustdeskstore.c (what is remembered) and
 * trustdesknews.c (who was not let in, and who came) share. */

typedef struct
{
  guint64 serial;
  VmTrustAskKind kind;
  GTlsCertificate *certificate;
  GBytes *spki;
  gchar *group;
  GBytes *data;
  gint *waiting; /* counts it until it is looked at */

  /* of a poll that is held */
  gchar *request_id;
  gint64 until;
  gboolean ready;
} VmTrustAsk;

struct _VmTrustDesk
{
  VmIdentity *identity; /* these never change */
  VmTrustStore *store;
  gint news; /* atomic: what is on its way here, see VM_TRUST_NEWS_MAX */
  gint asks; /* the same; see VM_TRUST_ASKS_MAX */
  guint64 guests; /* only the server's thread: counts those to remember */
  VmTrustDeskFuncs funcs;
  gpointer user_data;
  GMutex lock; /* of what follows; no other is taken under it */
  VmNodeThread *thread; /* "vm-trust"; NULL: closed */
  VmNodeThread *watcher; /* "vm-watch"; as well */
  VmServer *server; /* attached, or NULL */
  gboolean told; /* it has what the store says */
  guint64 written; /* the last guest that the store was asked to remember */

  /* only the watcher: it never waits for the store's lock */
  gboolean unwatched;
  VmStoreWatch *watch;
  GSource *again; /* tells it once more */

  /* only the thread, from here on */
  gboolean closed;
  VmApprover *approver;
  GSource *timer;
  gint64 passed; /* by vm_trust_desk_pass_time() */
  VmApprove approve;
  VmPermissions permissions; /* of who is approved */
  gchar *prompted; /* the request before the user, or NULL */
  gchar *prompted_device; /* whose it is, or was */
  GHashTable *pardons; /* request that the user has approved -> the revocation
                        * that they knew of; see vm_trust_store_add_anew() */
  GPtrArray *held; /* of VmTrustAsk */
  const VmTrustAsk *current; /* being answered */
};

/* Runs @func on the thread, unless the desk is closed by then; it may take
 * *@data. */
typedef void (*VmTrustDeskFunc) (VmTrustDesk *desk, gpointer *data);
void vm_trust_desk_post (VmTrustDesk *desk, VmTrustDeskFunc func, gpointer data,
    GDestroyNotify destroy);

/* Any thread. NULL when there is none. Returns: (transfer full) */
VmServer *vm_trust_desk_dup_server (VmTrustDesk *desk);

/* The rest is the thread's. */

/* trustdeskasks.c */
void vm_trust_ask_free (VmTrustAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustAsk, vm_trust_ask_free)
void vm_trust_desk_open_asks (VmTrustDesk *desk);
/* After each call of the approver's, which must not be called from within. */
void vm_trust_desk_settle (VmTrustDesk *desk);
/* What the user said, at that time in Unix µs, to the request that was before
 * them; of another nothing comes. */
void vm_trust_desk_say (
    VmTrustDesk *desk, const gchar *request_id, gboolean approve, gint64 said);

/* trustdeskstore.c; the first three on the watcher */
void vm_trust_desk_open_store (VmTrustDesk *desk);
void vm_trust_desk_close_store (VmTrustDesk *desk);
/* What the store knows, to the server. */
void vm_trust_desk_tell_known (VmTrustDesk *desk);
/* The same, done by the watcher before it returns: one after the other, so that
 * what is older cannot come later. FALSE when it took longer than @time_ms, or
 * the store cannot be read now: then it follows. */
gboolean vm_trust_desk_call_known (VmTrustDesk *desk, guint time_ms);
/* As of VmApproverFuncs. */
gboolean vm_trust_desk_remember (const VmTrustPrompt *peer, VmToken *given,
    gpointer user_data, GError **error);
