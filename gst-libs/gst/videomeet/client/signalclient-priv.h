/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/signalclient.h"
#include "client/signalsocket.h"
#include "base/vmtimer-priv.h"
#include "wire/line.h"
#include "client/sendqueue.h"

/* Shared by the files of VmSignalClient. */

/* Data that may wait for the server to read it: four times our own server's
 * limit for a client. Beyond, the connection ends. */
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
  VmSignalClientConfig config; /* the client owns its strings */
  gchar *key_hash; /* of the server, once it is known */
  VmHostVerifier *verifier; /* checks the server's messages; NULL in a room */
  VmHostNames *stranger; /* a host that did not get the PIN; or NULL */
  VmIceGrant ice; /* from the host; empty before the grant */
  GSource *ice_due; /* when to ask for another */

  SoupWebsocketConnection *socket;
  VmLine *line;
  VmSignalMesh *mesh; /* NULL but in a mesh */
  VmSendQueue unsent; /* beyond the limits its source ends the connection */
  gint64 last_heard;
  GSource *look;
  GSource *probe;

  gchar *token; /* to resume with: the ticket, then the token of a welcome */
  gboolean token_is_ticket;
  gchar *meeting_id; /* NULL until welcomed */
  gboolean welcomed;
  gint64 lost_at; /* 0: the socket is there */
  gint64 back_at; /* when it last returned */
  guint attempts;
  GSource *retry; /* the next attempt, or the end of this one */
  gboolean resuming; /* the welcome that answers a resume is awaited */
  GCancellable *cancellable; /* of the attempts after a loss */
  gboolean cut; /* the socket was lost without a close */
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
/* Takes a message's further signals, or those that have waited. */
void vm_signal_client_take_rest (VmSignalClient *self);
/* The connection ended, and not by this side. */
void vm_signal_client_lose (VmSignalClient *self, const GError *error);
void vm_signal_client_lose_with (
    VmSignalClient *self, VmError code, const gchar *message);

/* signalsend.c */
void vm_signal_client_send_ack (VmSignalClient *self);
/* The socket is gone, with its waiting data. */
void vm_signal_client_forget_unsent (VmSignalClient *self);

/* Sets or clears lost_at, and reports it. */
void vm_signal_client_set_lost (VmSignalClient *self, gint64 lost_at);

/* signaljoin.c: starts from the beginning; @task returns TRUE once hello is
 * sent. */
void vm_signal_client_enter (VmSignalClient *self, GTask *task);

/* Opens the WebSocket of a server that is no device. */
void vm_signal_client_open_stranger (VmSignalClient *self, GTask *task);

/* signalmesh.c: extra steps for a mesh */
void vm_signal_mesh_enter (VmSignalClient *self, GTask *task);
/* The line is new. */
void vm_signal_mesh_prepare (VmSignalClient *self);
/* A message was taken. */
void vm_signal_mesh_look (VmSignalClient *self);
const gchar *vm_signal_mesh_get_bearer (VmSignalMesh *mesh);
void vm_signal_mesh_stop (VmSignalMesh *mesh);
void vm_signal_mesh_free (VmSignalMesh *mesh);

/* signalice.c */
/* Takes what is in @ice. */
void vm_signal_client_take_ice (VmSignalClient *self, VmIceGrant *ice);
void vm_signal_client_read_ice (VmSignalClient *self, const VmSignal *signal);

/* signalresume.c: another socket for the one that was lost */
void vm_signal_client_interrupt (VmSignalClient *self);
/* Takes a message received during a resume. */
void vm_signal_client_take_answer (VmSignalClient *self, GBytes *message);
