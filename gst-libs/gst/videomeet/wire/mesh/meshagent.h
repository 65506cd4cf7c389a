/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/mesh/mesh.h"

/* The mesh dialect as an agent speaks it (protocol/agents.md#sessions): what a
 * server tells it, and what it says besides vm_mesh_write_about(). Sans-I/O. */

#define VM_MESH_MLINES_MAX 64 /* of a description */

typedef enum
{
  VM_MESH_NEWS_OTHER, /* not for agents, or not known: to be ignored */
  VM_MESH_NEWS_WELCOME,
  VM_MESH_NEWS_JOINED,
  VM_MESH_NEWS_PRESENCE,
  VM_MESH_NEWS_CREATED, /* p2p.session.* */
  VM_MESH_NEWS_CANDIDATES,
  VM_MESH_NEWS_RENEWED,
  VM_MESH_NEWS_RELAY,
  VM_MESH_NEWS_DENIED,
  VM_MESH_NEWS_REVOKED,
  VM_MESH_NEWS_OFFER, /* rtc.*, of a page */
  VM_MESH_NEWS_ICE,
  VM_MESH_NEWS_GRANTED, /* terminal.control.* */
  VM_MESH_NEWS_REFUSED,
  VM_MESH_NEWS_RELEASED,
  VM_MESH_NEWS_ERROR,
  VM_MESH_NEWS_N_TYPES
} VmMeshNewsType;

/* One message of a server. What is absent is NULL. */
typedef struct
{
  VmMeshNewsType type;
  gchar *peer_id, *room_id, *role, *user, *status;
  gchar *code, *message, *in_reply_to;

  /* of rtc.*: of the page @from; its user is @user */
  gchar *from;
  gchar *sdp, *candidate;
  guint mline;

  gchar *session_id;
  VmMeshKind kind;
  gint64 expires_in; /* s; of a session, or of the control of a terminal */
  gchar *target_device_id; /* whose terminal it is; @peer_id controls it */
  gchar *session_token;
  gchar *cap_token;
  gchar *relay_ticket;
  /* of the other side; its user is @user */
  gchar *fingerprint, *device_id, *device, *user_id;
  gchar *certificate, *fingerprint_signature;
  gboolean gathers;
  /* of VmMeshEndpoint; the candidates of a side, or its one address */
  GPtrArray *a, *b;
  GPtrArray *candidates;
} VmMeshNews;

/* VM_ERROR_BAD_MESSAGE. */
VmMeshNews *vm_mesh_news_read (GBytes *bytes, GError **error);
void vm_mesh_news_free (VmMeshNews *news);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshNews, vm_mesh_news_free)

typedef struct
{
  const gchar *version; /* of this program */
  const gchar *device_id, *device;
  const gchar *instance; /* or NULL; see VmMeshMessage */
  const gchar *fingerprint, *certificate, *fingerprint_signature;
  const GPtrArray *endpoints; /* of VmMeshEndpoint */
  gboolean terminal; /* it shares one */
} VmMeshAgentHello;

GBytes *vm_mesh_write_agent_hello (
    const VmMeshEnvelope *envelope, const VmMeshAgentHello *hello);
GBytes *
vm_mesh_write_agent_join (const VmMeshEnvelope *envelope, const gchar *room);

typedef struct
{
  const gchar *room_id;
  const gchar *target_device_id;
  VmMeshKind kind;
  const gchar *cap_token;
  const gchar *name; /* or NULL */
  gint64 size; /* -1: not told */
  const GPtrArray *candidates;
} VmMeshAgentRequest;

GBytes *vm_mesh_write_agent_request (
    const VmMeshEnvelope *envelope, const VmMeshAgentRequest *request);
/* share.completed; without a session terminal.share.started */
GBytes *vm_mesh_write_agent_report (
    const VmMeshEnvelope *envelope, const gchar *room, const gchar *session_id);
/* terminal.control.take; without a capability terminal.control.release */
GBytes *vm_mesh_write_agent_control (const VmMeshEnvelope *envelope,
    const gchar *room, const gchar *target, const gchar *cap_token);
/* To the page @page that has offered. */
GBytes *
vm_mesh_write_agent_answer (const VmMeshEnvelope *envelope, const gchar *room,
    const gchar *page, const gchar *sdp, const gchar *identity);
GBytes *vm_mesh_write_agent_candidate (const VmMeshEnvelope *envelope,
    const gchar *room, const gchar *page, guint mline, const gchar *candidate);
GBytes *vm_mesh_write_agent_refusal (
    const VmMeshEnvelope *envelope, const gchar *page, const GError *why);
