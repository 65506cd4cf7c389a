/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/signalclient.h"
#include "client/signalsocket.h"
#include "base/vmtimer-priv.h"
#include "wire/line.h"
#include "client/unsent.h"

/* Shared by the files of VmSignalClient. */

/* What may wait for a server to take it: four times what ours lets wait for a
 * client. Beyond, it is over. */
#define VM_SIGNAL_UNSENT_BYTES (4 * 1024 * 1024)
#define VM_SIGNAL_UNSENT_MESSAGES 4096

typedef struct _VmSignalMesh VmSignalMesh;

struct _VmSignalClient
{
  GObject parent;

  VmIdentity *identity;
  VmSignalClientFunc func;
  VmSignalClientClosedFunc closed_func;
  VmSignalClientLostFunc lost_func; /* or NULL */
  gpointer user_data;

  GMainContext *context;
  VmHttpClient *http;
  SoupSession *session;
  VmSignalClientConfig config; /* its strings are ours */
  gchar *key_hash; /* of the server, once it is known */
  VmJudge *judge; /* what it says is believed by; NULL in a room */
  VmHostNames *stranger; /* that was not told the PIN; or NULL */
  gchar **ice_servers; /* that the host names; NULL before the grant */

  SoupWebsocketConnection *socket;
  VmLine *line;
  VmSignalMesh *mesh; /* NULL but in a mesh */
  VmUnsent unsent; /* its source may be the end of it, beyond the limits */
  gint64 last_heard;
  GSource *look;
  GSource *probe;

  gchar *token; /* to resume by: the ticket, then what a welcome brought */
  gboolean token_is_ticket;
  gchar *meeting_id; /* NULL until welcomed */
  gboolean welcomed;
  gint64 lost_at; /* 0: the socket is there */
  gint64 back_at; /* when it was there again, the last time */
  guint attempts;
  GSource *retry; /* the next attempt, or the end of this one */
  gboolean resuming; /* the welcome that answers a resume is awaited */
  GCancellable *cancellable; /* of what is tried after a loss */
  gboolean cut; /* the socket was lost, without a word */
  gboolean over;
};

/* signalclient.c: what goes in and out */
void vm_signal_client_set_timer (
    VmSignalClient *self, GSource **source, guint ms, GSourceFunc func);
void vm_signal_client_take_socket (
    VmSignalClient *self, SoupWebsocketConnection *socket);
void vm_signal_client_drop_socket (VmSignalClient *self);
void vm_signal_client_take_token (VmSignalClient *self, const gchar *token);
VmSignal *vm_signal_client_make_hello (VmSignalClient *self);
void vm_signal_client_say_hello (VmSignalClient *self);
/* What a message had besides, or what it has waited for. */
void vm_signal_client_take_rest (VmSignalClient *self);
/* It is over, and not because we said so. */
void vm_signal_client_lose (VmSignalClient *self, const GError *error);
void vm_signal_client_lose_with (
    VmSignalClient *self, VmError code, const gchar *message);

/* signalsend.c */
void vm_signal_client_send_ack (VmSignalClient *self);
/* The socket is gone, and what waited with it. */
void vm_signal_client_forget_unsent (VmSignalClient *self);

/* Sets or clears lost_at, and says so. */
void vm_signal_client_set_lost (VmSignalClient *self, gint64 lost_at);

/* signaljoin.c: from the beginning; @task returns TRUE once hello is said. */
void vm_signal_client_enter (VmSignalClient *self, GTask *task);

/* The WebSocket of a server that is no device. */
void vm_signal_client_open_stranger (VmSignalClient *self, GTask *task);

/* signalmesh.c: what a mesh wants besides */
void vm_signal_mesh_enter (VmSignalClient *self, GTask *task);
/* The line is new. */
void vm_signal_mesh_prepare (VmSignalClient *self);
/* A message was taken. */
void vm_signal_mesh_look (VmSignalClient *self);
const gchar *vm_signal_mesh_get_bearer (VmSignalMesh *mesh);
void vm_signal_mesh_stop (VmSignalMesh *mesh);
void vm_signal_mesh_free (VmSignalMesh *mesh);

/* signalresume.c: another socket for the one that was lost */
void vm_signal_client_interrupt (VmSignalClient *self);
/* What comes while a resume is under way. */
void vm_signal_client_take_answer (VmSignalClient *self, GBytes *message);
