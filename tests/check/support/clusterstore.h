/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/cluster/cluster.h>

G_BEGIN_DECLS

/* A store in memory, several nodes at it, and a clock: requests wait until they
 * are served, and answers and tellings until they are delivered, so that a test
 * says in which order things happen. */

#define STORE_NODES 3

/* What becomes of the next request of a node that is served. */
typedef enum
{
  STORE_WELL,
  STORE_LOST_BEFORE, /* it has not happened, and is told to be lost */
  STORE_LOST_AFTER, /* it has happened, and is told to be lost */
  STORE_SILENT_BEFORE, /* nobody says anything */
  STORE_SILENT_AFTER,
  STORE_CONFLICT, /* as if somebody else had been faster */
  STORE_N_FAULTS
} StoreFault;

typedef struct _Store Store;

typedef struct
{
  Store *store;
  VmCluster *cluster; /* NULL: it was killed */
  gchar *name;
  GQueue mail; /* answers, tellings */
  GString *heard; /* "seated 1 p001, refused 2 MEETING_FULL" */
  GHashTable *held; /* epoch -> id, what it was told */
  GHashTable *view; /* key -> "p001=n1/1 p002=n2/1", as it was told */
  GHashTable *watched; /* keys of which the store tells it */
  guint told; /* by the store, so far */
  gboolean cut_off; /* neither hears nor is heard */
} StoreNode;

struct _Store
{
  GHashTable *records;
  GHashTable *markers; /* key of what was removed -> its last revision */
  GHashTable *beats; /* node -> when */
  GQueue requests;
  guint64 revision;
  guint writes, reads, scans; /* so far */
  gint64 now;
  gboolean away;
  gboolean forget_tellings;
  StoreFault fault; /* of the next request, unless it is permanent */
  gboolean always;
  StoreNode nodes[STORE_NODES];
};

Store *store_new (void);
void store_free (Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_free)

/* One request; FALSE: there is none. */
gboolean store_serve (Store *store);
/* One answer or telling to @node. */
gboolean store_deliver (StoreNode *node);
/* All of both, and what follows from them. */
void store_settle (Store *store);
/* Second by second, all told and served in between. */
void store_pass (Store *store, guint seconds);
void store_kill (StoreNode *node);
/* Another node in the place of one that was killed. */
void store_start (StoreNode *node, const gchar *name);
/* All that it has, and the numbers of its revisions. */
void store_wipe (Store *store);

/* @token NULL: a new seat. @key may be NULL. Returns: the epoch. */
guint store_seat (StoreNode *node, const gchar *room, guint size,
    const gchar *user, const gchar *key, const gchar *next, const gchar *token);
/* The participant of @epoch leaves. */
void store_leave (StoreNode *node, guint epoch);
/* Whether the store tells @node of @room. */
gboolean store_watches (StoreNode *node, const gchar *room);
/* What @node was told last of @room, as store_look() says it. */
const gchar *store_view_of (StoreNode *node, const gchar *room);
/* "p001=n1/1 p002=n2/1", or "" for none. Returns: (transfer full) */
gchar *store_look (Store *store, const gchar *room);
void
store_put (Store *store, const gchar *room, gconstpointer data, gsize size);

G_END_DECLS
