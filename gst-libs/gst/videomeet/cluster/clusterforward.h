/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/socketio/engineio.h"
#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* Requests that came to one server of a cluster and are another's to answer:
 * those of Engine.IO's polling, whose session is at the server that its sid
 * names (protocol/cluster.md#polling). Sans-I/O; `now` is monotonic time in µs.
 *
 * What is lost on the way is not said again: the client, who hears so at the
 * deadline, begins anew, and no packet of its session is lost without a word.
 * What one server passes on another answers itself, or says that it knows no
 * such session. */

#define VM_FORWARDS_MAX 4096 /* that wait; beyond, none is passed on */
/* Longer than a poll waits, which a ping ends. */
#define VM_FORWARD_TIME (VM_ENGINE_PING_TIME + 15 * G_USEC_PER_SEC)
#define VM_FORWARD_SID_MAX 128 /* bytes; it has 61 */
/* Of an answer, as NATS takes it in one message of 1 MiB; a packet alone may
 * have more than that leaves, and is lost. */
#define VM_FORWARD_BODY_MAX (1000 * 1024)
/* A poll that is answered so brings no further packet. */
#define VM_FORWARD_ANSWER_FULL (512 * 1024)

typedef enum
{
  VM_FORWARD_GET,
  VM_FORWARD_POST,
  VM_FORWARD_GIVE_UP, /* whoever asked has gone */
  VM_FORWARD_ANSWER,
  VM_FORWARD_N_KINDS
} VmForwardKind;

typedef struct
{
  VmForwardKind kind;
  const gchar *node; /* that has sent it */
  guint64 number; /* of the request, among those of whoever asked */
  const gchar *sid; /* or "" */
  const gchar *key; /* that the client has shown, or NULL */
  guint status; /* of HTTP */
  GBytes *body;
} VmForward;

/* None may come back to the VmForwards. */
typedef struct
{
  void (*send) (const gchar *node, GBytes *frame, gpointer user_data);
} VmForwardsFuncs;

typedef struct
{
  /* A request of another server's, or its end. */
  void (*asked) (const VmForward *forward, gpointer user_data);
  /* What @asker has asked, once; @status 0: nobody answers, @gone: for the
   * server is no more. */
  void (*answered) (gpointer asker, guint status, GBytes *body, gboolean gone,
      gpointer user_data);
} VmForwardsHear;

typedef struct _VmForwards VmForwards;

/* @node: this one. */
VmForwards *vm_forwards_new (const gchar *node, const VmForwardsFuncs *funcs,
    const VmForwardsHear *hear, gpointer user_data);
void vm_forwards_free (VmForwards *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmForwards, vm_forwards_free)

/* @forward, without node and number, goes to @node. Returns: its number; 0: too
 * many wait. */
guint64 vm_forwards_ask (VmForwards *self, const gchar *node,
    const VmForward *forward, gpointer asker, gint64 now);
/* Whoever asked has gone, and is not answered. */
void vm_forwards_cancel (VmForwards *self, guint64 number);
/* The answer to @number of @node. */
void vm_forwards_answer (VmForwards *self, const gchar *node, guint64 number,
    guint status, GBytes *body);
/* A frame of another server's; FALSE: it is none of these. */
gboolean vm_forwards_take (VmForwards *self, GBytes *frame);
/* Whether @node is there. */
typedef gboolean (*VmForwardsAlive) (const gchar *node, gpointer user_data);
void vm_forwards_tick (VmForwards *self, VmForwardsAlive alive, gint64 now);
guint vm_forwards_count (VmForwards *self);

GBytes *vm_forward_write (const VmForward *forward);

G_END_DECLS
