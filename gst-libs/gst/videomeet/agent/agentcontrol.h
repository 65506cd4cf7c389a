/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/serverkey.h"
#include "wire/mesh/meshagent.h"
#include "trust/token/capability.h"

/* An agent at its server (protocol/mesh.md#requests): signs in, says hello,
 * enters the room, and comes back when the connection is lost. It belongs to
 * the thread of the context that was its default. */

/* Pauses between attempts double. */
#define VM_AGENT_PAUSE_MIN 500 /* ms */
#define VM_AGENT_PAUSE_MAX 30000 /* ms */
#define VM_AGENT_ANSWER_TIME 10000 /* ms: for a request, and to enter */
#define VM_AGENT_PEERS_MAX 1024 /* remembered of a room */

typedef struct _VmAgentControl VmAgentControl;

typedef struct
{
  /* Fills what it says of itself; called for each connection, with the STUN
   * server that this server names, or NULL. What it points to stays valid until
   * the next call. */
  gboolean (*hello) (const gchar *stun, VmMeshAgentHello *hello,
      gpointer user_data, GError **error);
  void (*ready) (gpointer user_data);
  /* @final: it does not come back by itself. It may be freed from here. */
  void (*lost) (const GError *error, gboolean final, gpointer user_data);
  /* Of a session, and errors that answer a message. */
  void (*news) (const VmMeshNews *news, gpointer user_data);
  void (*peers) (gpointer user_data); /* have changed */
} VmAgentControlFuncs;

typedef struct
{
  const gchar *server; /* "http://HOST:PORT" or "https://…" */
  const gchar *room, *user;
  const gchar *pin; /* or NULL */
  VmServerKey *server_key; /* of an https server; or NULL */
} VmAgentControlConfig;

/* BAD_REQUEST: the address is none. */
VmAgentControl *vm_agent_control_new (const VmAgentControlConfig *config,
    const VmAgentControlFuncs *funcs, gpointer user_data, GError **error);
void vm_agent_control_free (VmAgentControl *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAgentControl, vm_agent_control_free)
/* Likewise; @gone is called when what was under way, and is cancelled, has come
 * back: until then the context must run. */
void vm_agent_control_leave (
    VmAgentControl *self, void (*gone) (gpointer data), gpointer data);
void vm_agent_control_start (VmAgentControl *self);
gboolean vm_agent_control_is_ready (VmAgentControl *self);
/* Since when, monotonic; 0: it is not. */
gint64 vm_agent_control_get_ready_since (VmAgentControl *self);
/* Whether the server is on this machine. */
gboolean vm_agent_control_is_own_machine (VmAgentControl *self);
const gchar *vm_agent_control_get_server (VmAgentControl *self);
VmServerKey *vm_agent_control_get_server_key (VmAgentControl *self);

/* The device id of the agent whose device id or user is @name; UNROUTABLE: none
 * is in the room, or several. */
const gchar *
vm_agent_control_find (VmAgentControl *self, const gchar *name, GError **error);

/* Each sends one message, if the connection is open; the id of the message for
 * what may be answered. */
gchar *vm_agent_control_request (
    VmAgentControl *self, const VmMeshAgentRequest *request);
void vm_agent_control_tell (
    VmAgentControl *self, const gchar *word, const VmMeshAbout *about);
gchar *vm_agent_control_renew (VmAgentControl *self, const VmMeshAbout *about);
/* NULL: a terminal is shared. */
void vm_agent_control_report (VmAgentControl *self, const gchar *session_id);
/* Takes control of the terminal of @target, or prolongs it; without a token
 * gives it back. */
gchar *vm_agent_control_take_terminal (
    VmAgentControl *self, const gchar *target, const gchar *cap_token);

/* To a page that has offered to see a terminal. */
void vm_agent_control_answer_page (VmAgentControl *self, const gchar *page,
    const gchar *sdp, const gchar *identity);
void vm_agent_control_send_candidate (VmAgentControl *self, const gchar *page,
    guint mline, const gchar *candidate);
void vm_agent_control_refuse_page (
    VmAgentControl *self, const gchar *page, const GError *why);

/* A capability for @target. The error has the server's code. */
typedef void (*VmAgentTokenFunc) (
    const gchar *token, const GError *error, gpointer user_data);
void vm_agent_control_mint (VmAgentControl *self, VmMeshKind kind,
    const gchar *target, VmAgentTokenFunc func, gpointer user_data);
/* The control of this device's terminal, @own, for another of the room. */
void vm_agent_control_mint_control (VmAgentControl *self, const gchar *own,
    const gchar *for_peer, VmAgentTokenFunc func, gpointer user_data);
/* The claims of @token, signed by a key of the server, which is asked for its
 * keys when it has new ones. */
typedef void (*VmAgentClaimsFunc) (
    const VmCapability *capability, const GError *error, gpointer user_data);
void vm_agent_control_verify (VmAgentControl *self, const gchar *token,
    VmAgentClaimsFunc func, gpointer user_data);
