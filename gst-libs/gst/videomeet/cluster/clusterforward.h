/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/socketio/engineio.h"
#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* Requests that one server of a cluster passes on to another: polling requests
 * of Engine.IO, whose session is at the server named by the sid
 * (protocol/cluster.md#polling). Sans-I/O; `now` is monotonic time in µs.
 *
 * A lost forward is not repeated: the client gets an error at the deadline and
 * begins a new session, so no packet is lost silently. A server answers a
 * forwarded request itself, or says that it has no such session; it never
 * passes it on. */

#define VM_FORWARDS_MAX 4096 /* that wait; beyond, none is forwarded */
/* Longer than a poll waits, which a ping ends. */
#define VM_FORWARD_TIME (VM_ENGINE_PING_TIME + 15 * G_USEC_PER_SEC)
#define VM_FORWARD_SID_MAX 128 /* bytes; it has 61 */
/* Of an answer, to fit in one NATS message of 1 MiB; a single larger packet is
 * lost. */
#define VM_FORWARD_BODY_MAX (1000 * 1024)
/* A poll answer of this size takes no further packet. */
#define VM_FORWARD_ANSWER_FULL (512 * 1024)

typedef enum
{
  VM_FORWARD_GET,
  VM_FORWARD_POST,
  VM_FORWARD_GIVE_UP, /* the asker has gone */
  VM_FORWARD_ANSWER,
  VM_FORWARD_N_KINDS
} VmForwardKind;

typedef struct
{
  VmForwardKind kind;
  const gchar *node; /* that has sent it */
  guint64 number; /* of the request, among those of the asker */
  const gchar *sid; /* or "" */
  const gchar *key; /* of the client, or NULL */
  guint status; /* of HTTP */
  GBytes *body;
} VmForward;

/* None may call the VmForwards. */
typedef struct
{
  void (*send) (const gchar *node, GBytes *frame, gpointer user_data);
} VmForwardsFuncs;

typedef struct
{
  /* A request from another server, or its end. */
  void (*asked) (const VmForward *forward, gpointer user_data);
  /* The answer for @asker, once; @status 0: there is none, @gone: because the
   * server is gone. */
  void (*answered) (gpointer asker, guint status, GBytes *body, gboolean gone,
      gpointer user_data);
} VmForwardsHear;

typedef struct _VmForwards VmForwards;

/* @node: this one. */
VmForwards *vm_forwards_new (const gchar *node, const VmForwardsFuncs *funcs,
    const VmForwardsHear *hear, gpointer user_data);
void vm_forwards_free (VmForwards *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmForwards, vm_forwards_free)

/* Sends @forward, without node and number, to @node. Returns: its number; 0:
 * too many wait. */
guint64 vm_forwards_ask (VmForwards *self, const gchar *node,
    const VmForward *forward, gpointer asker, gint64 now);
/* The asker has gone, and gets no answer. */
void vm_forwards_cancel (VmForwards *self, guint64 number);
/* Answers the request @number of @node. */
void vm_forwards_answer (VmForwards *self, const gchar *node, guint64 number,
    guint status, GBytes *body);
/* Takes a frame of another server; FALSE: it is no forward. */
gboolean vm_forwards_take (VmForwards *self, GBytes *frame);
/* Whether @node is alive. */
typedef gboolean (*VmForwardsAlive) (const gchar *node, gpointer user_data);
void vm_forwards_tick (VmForwards *self, VmForwardsAlive alive, gint64 now);
guint vm_forwards_count (VmForwards *self);

GBytes *vm_forward_write (const VmForward *forward);

G_END_DECLS
