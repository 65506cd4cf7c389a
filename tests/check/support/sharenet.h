/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/cluster/shared/callshare.h>

G_BEGIN_DECLS

/* Three servers' rooms on one store and one wire, both in memory, and a clock:
 * all that is said waits until it is passed on, so that a test says what is
 * lost and what comes late. */

#define NET_NODES 3
#define NET_SECOND G_USEC_PER_SEC

typedef struct _Net Net;

typedef struct
{
  Net *net;
  gchar *name;
  VmRooms *rooms; /* NULL: it was killed */
  VmRoomShare *share;
  VmCalls *calls; /* or NULL, see net_take_calls() */
  VmCallShare *call_share;
  gboolean silent; /* nothing that it says comes anywhere */
  gint ahead; /* seconds, of its clock before the others' */
  gboolean deaf; /* the store tells it nothing by itself */
  GHashTable *watched; /* keys of which the store tells it */
  guint told; /* by the store, so far */
} NetNode;

struct _Net
{
  gint64 now;
  gboolean away; /* the store */
  gboolean cut; /* the wire: what is said is lost */
  gboolean twice; /* the wire doubles what is said */
  guint seats; /* of a room */
  const gchar *pass; /* that admits; NULL: everybody is admitted */
  const gchar *shown; /* by who comes, or NULL */
  guint frames; /* so far */
  GHashTable *records; /* of rooms */
  GHashTable *markers; /* key of what was removed there -> its last revision */
  GHashTable *kept; /* by net_keep() */
  guint64 kept_revision;
  GHashTable *once; /* what is good once */
  GHashTable *beats;
  guint64 revision;
  GQueue mail;
  NetNode nodes[NET_NODES];
};

/* A client, at whatever server it is connected to. */
typedef struct
{
  NetNode *node;
  VmMember *member;
  VmSeatRequest *request;
  gchar *id;
  gchar *resume;
  const gchar *meeting_id; /* that it names to resume, or NULL */
  GString *heard; /* "welcome joined:p002 chat:p001=hello" */
  GError *error; /* why it has no seat */
  gboolean closed;
  guint64 count; /* of states of the meeting */
  gchar *roster; /* "p001 p002", as it was told last */
} NetClient;

extern Net *net;

void net_setup (void);
void net_teardown (void);
/* All that waits, and what follows from it. */
void net_settle (void);
/* Tenths of seconds, with all that happens in them. */
void net_pass (gdouble seconds);
void net_kill (NetNode *node);
/* The store loses all that it has; or goes back to what it had at the last
 * net_keep(). The nodes are told by net_back(). */
void net_lose (void);
void net_keep (void);
void net_go_back (void);
/* The store is started anew: what is asked of it just then is lost, and all
 * nodes are back at it. */
void net_restart (void);
/* @node is back at the store. */
void net_back (NetNode *node);
/* Somebody else writes that into the record of @room. */
void net_write (const gchar *room, gconstpointer data, gsize size);
/* Another server in the place of one that was killed. */
void net_start (NetNode *node, gchar letter);
/* It has users who call one another; what @send is told, another of the tests
 * does. */
void net_take_calls (
    NetNode *node, VmCallsSend send, VmCallsMissed missed, VmCallsClose close);

void net_client_init (NetClient *client, NetNode *node);
void net_client_clear (NetClient *client);
/* By a ticket, natively; not settled. */
void net_sit (NetClient *client, const gchar *room, const gchar *user);
/* A ticket of @node, that all know of. Returns: (transfer full) */
gchar *net_get_ticket (NetNode *node, const VmJoin *join);
/* Natively by that, wherever @client is connected, with @key or NULL; not
 * settled. */
void net_sit_by (NetClient *client, const gchar *ticket, const gchar *key);
/* By a dialect without tickets; not settled. */
void net_enter (NetClient *client, const gchar *room);
/* At @node, by its last token. */
void net_come_back (NetClient *client, NetNode *node);
void net_say (
    NetClient *client, VmSignalType type, const gchar *to, const gchar *text);
void net_leave (NetClient *client);
/* Just that, and nothing from now on; states and presence are not written
 * down. */
void net_heard (NetClient *client, const gchar *what);
/* Why it was refused, or "". */
const gchar *net_refusal (const NetClient *client);

G_END_DECLS
