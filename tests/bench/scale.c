/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ./dev bench scale: what a cluster of servers asks of NATS, by the room model
 * and its shared state alone: 1, 10 and 100 nodes in this process, a store and
 * a wire in memory, an injected clock. 10,000 users join 2,000 rooms, each of a
 * room at another node, offer to one another, and leave. Then they join again,
 * all of a room at once, and last a hundred users join one room at once.
 * Nothing of it touches a network (docs/scale.md). */

#include "bench.h"

#include <gst/videomeet/cluster/shared/roomshare.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#define USERS 10000
#define ROOMS 2000
#define AT_ONCE 50 /* requests under way, so that they can collide */
#define CROWD 100 /* users who join one room at once */
#define OFFER_BYTES 4096
#define REST 300 /* seconds, in which nobody does anything */
#define NAME_BYTES \
  48 /* of a node, where NATS lists them: a uuid in a subject */
#define SECOND G_USEC_PER_SEC

typedef struct _World World;

typedef struct
{
  World *world;
  gchar name[16];
  VmRooms *rooms;
  VmRoomShare *share;
} Node;

typedef struct
{
  Node *node;
  VmMember *member;
  VmSeatRequest *request;
  gchar room[16], user[16];
  gchar *id;
} User;

/* What NATS was asked, and had to say. Each is one message and its answer, if
 * it has one; only `told` and `frames` are for others. */
typedef struct
{
  guint64 gets, puts, conflicts, told, frames;
  guint64 watches; /* that begin or end */
  guint64 beats, lists, scans;
  guint64
      bytes; /* of values, frames and lists, each time that they go in or out
              */
} Counts;

typedef struct
{
  enum
  {
    ANSWER,
    TOLD,
    LIST,
    FRAME,
  } kind;
  Node *node;
  VmClusterBucket bucket;
  guint64 number, revision;
  gchar *key;
  GBytes *value;
  VmClusterResult result;
} Mail;

typedef struct
{
  GBytes *value;
  guint64 revision;
} Record;

struct _World
{
  guint n_nodes;
  Node *nodes;
  User *users;
  gint64 now;
  guint64 revision, dice;
  GHashTable *records[VM_CLUSTER_N_BUCKETS]; /* key -> Record */
  GHashTable *by_name; /* of nodes */
  GHashTable *watchers; /* key -> the nodes that are told of it */
  GQueue mail;
  Counts counts;
  clock_t began; /* what they count */
};

static void
record_free (gpointer data)
{
  Record *record = data;

  g_bytes_unref (record->value);
  g_free (record);
}

static gsize
size_of (GBytes *value)
{
  return value ? g_bytes_get_size (value) : 0;
}

static void
post (World *world, Mail mail)
{
  mail.key = g_strdup (mail.key);
  mail.value = mail.value ? g_bytes_ref (mail.value) : NULL;
  world->counts.bytes += size_of (mail.value);
  g_queue_push_tail (&world->mail, g_memdup2 (&mail, sizeof mail));
}

static void
on_get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  Node *node = user_data;
  Record *record = g_hash_table_lookup (node->world->records[bucket], key);

  node->world->counts.gets++;
  post (node->world, (Mail){ .kind = ANSWER,
                         .node = node,
                         .bucket = bucket,
                         .number = request,
                         .result = VM_CLUSTER_DONE,
                         .value = record ? record->value : NULL,
                         .revision = record ? record->revision : 0 });
}

static void
tell_all (World *world, const gchar *key, GBytes *value)
{
  const GPtrArray *nodes = g_hash_table_lookup (world->watchers, key);

  for (guint i = 0; nodes && i < nodes->len; i++) {
    world->counts.told++;
    post (world, (Mail){ .kind = TOLD,
                     .node = nodes->pdata[i],
                     .key = (gchar *) key,
                     .value = value,
                     .revision = world->revision });
  }
}

static void
on_put (VmClusterBucket bucket, guint64 request, const gchar *key,
    GBytes *value, guint64 revision, gpointer user_data)
{
  Node *node = user_data;
  World *world = node->world;
  Record *before = g_hash_table_lookup (world->records[bucket], key), *after;
  Mail answer = {
    .kind = ANSWER, .node = node, .bucket = bucket, .number = request
  };

  world->counts.puts++;
  world->counts.bytes += size_of (value);
  if ((before ? before->revision : 0) != revision) {
    world->counts.conflicts++;
    answer.result = VM_CLUSTER_CONFLICT;
    post (world, answer);
    return;
  }
  world->revision++;
  if (value) {
    after = g_new (Record, 1);
    *after = (Record){ g_bytes_ref (value), world->revision };
    g_hash_table_insert (world->records[bucket], g_strdup (key), after);
  } else {
    g_hash_table_remove (world->records[bucket], key);
  }
  answer.result = VM_CLUSTER_DONE;
  answer.revision = world->revision;
  post (world, answer);
  if (bucket == VM_CLUSTER_ROOMS)
    tell_all (world, key, value);
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  Node *node = user_data;
  World *world = node->world;
  GPtrArray *nodes = g_hash_table_lookup (world->watchers, key);

  if (!nodes) {
    nodes = g_ptr_array_new ();
    g_hash_table_insert (world->watchers, g_strdup (key), nodes);
  }
  world->counts.watches++;
  g_ptr_array_add (nodes, node);
}

static void
on_unwatch (const gchar *key, gpointer user_data)
{
  Node *node = user_data;
  World *world = node->world;
  GPtrArray *nodes = g_hash_table_lookup (world->watchers, key);

  world->counts.watches++;
  g_ptr_array_remove_fast (nodes, node);
  if (!nodes->len)
    g_hash_table_remove (world->watchers, key);
}

/* All nodes live: nothing is found. */
static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
  World *world = ((Node *) user_data)->world;
  GHashTableIter iter;
  gpointer record;

  world->counts.scans++;
  g_hash_table_iter_init (&iter, world->records[VM_CLUSTER_ROOMS]);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    world->counts.bytes += size_of (((Record *) record)->value);
}

static void
on_beat (const gchar *name, gpointer user_data)
{
  World *world = ((Node *) user_data)->world;

  world->counts.beats++;
  world->counts.bytes += NAME_BYTES;
}

static void
on_list (gpointer user_data)
{
  Node *node = user_data;
  World *world = node->world;

  world->counts.lists++;
  world->counts.bytes += world->n_nodes * NAME_BYTES;
  post (world, (Mail){ .kind = LIST, .node = node });
}

static void
on_send (const gchar *name, GBytes *frame, gpointer user_data)
{
  World *world = ((Node *) user_data)->world;
  Node *to = g_hash_table_lookup (world->by_name, name);

  world->counts.frames++;
  if (to)
    post (world, (Mail){ .kind = FRAME, .node = to, .value = frame });
}

static void
take_list (World *world, VmRoomShare *share)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < world->n_nodes; i++)
    g_ptr_array_add (names, world->nodes[i].name);
  g_ptr_array_add (names, NULL);
  vm_room_share_nodes (share, (const gchar *const *) names->pdata, world->now);
}

static void
take (World *world, const Mail *mail)
{
  VmRoomShare *share = mail->node->share;

  switch (mail->kind) {
    case ANSWER:
      vm_room_share_answer (share, mail->bucket, mail->number, mail->result,
          mail->value, mail->revision, world->now);
      break;
    case TOLD:
      vm_room_share_told (
          share, mail->key, mail->value, mail->revision, world->now);
      break;
    case LIST:
      take_list (world, share);
      break;
    default:
      vm_room_share_hear (share, mail->value, world->now);
  }
}

static void
settle (World *world)
{
  Mail *mail;

  while ((mail = g_queue_pop_head (&world->mail))) {
    take (world, mail);
    g_free (mail->key);
    g_clear_pointer (&mail->value, g_bytes_unref);
    g_free (mail);
  }
}

static void
pass_second (World *world)
{
  world->now += SECOND;
  for (guint i = 0; i < world->n_nodes; i++) {
    Node *node = &world->nodes[i];

    vm_rooms_tick (node->rooms, world->now);
    vm_room_share_tick (node->share, world->now, world->now / SECOND);
  }
  settle (world);
}

/* The participants */

static void
on_signal (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  User *user = peer;

  if (signal->type != VM_SIGNAL_WELCOME)
    return;
  g_free (user->id);
  user->id = g_strdup (signal->id);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  ((User *) peer)->member = NULL;
}

static void
on_changed (VmRoom *room, gpointer user_data)
{
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  World *world = ((Node *) user_data)->world;
  guint64 number = ++world->dice;

  memset (bytes, 0, size);
  memcpy (bytes, &number, MIN (size, sizeof number));
}

static VmMember *
get_seat (gpointer user_data)
{
  return ((User *) user_data)->member;
}

static void
leave_seat (gpointer user_data)
{
  vm_member_leave (((User *) user_data)->member, NULL);
}

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  User *user = user_data;

  user->request = NULL;
  user->member = member;
  if (error)
    g_error ("%s has no seat: %s", user->user, error->message);
}

static void
join (World *world, User *user)
{
  static const VmSeatFuncs funcs = { get_seat, leave_seat, on_seated };
  const VmJoin how = { .meeting = user->room,
    .user = user->user,
    .group = user->user,
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (GError) error = NULL;

  vm_signal_add_participant (hello)->device = g_strdup ("laptop");
  if (!vm_rooms_join (user->node->rooms, &how, world->now, &text, &error))
    g_error ("%s is not admitted: %s", user->user, error->message);
  ticket =
      vm_rooms_use_ticket (user->node->rooms, text, NULL, world->now, NULL);
  user->request = vm_rooms_request_seat (
      user->node->rooms, ticket, hello, user, &funcs, user);
}

/* To whom joined the room next. */
static void
offer (World *world, guint number)
{
  static gchar sdp[OFFER_BYTES];
  User *from = &world->users[number];
  User *to = &world->users[(number + ROOMS) % USERS];
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_OFFER);

  memset (sdp, 'a', sizeof sdp - 1);
  signal->to = g_strdup (to->id);
  vm_signal_set_text (signal, &signal->sdp, sdp);
  vm_member_receive (from->member, signal);
}

/* The run */

static World *
world_new (guint n_nodes)
{
  static const VmRoomsFuncs rooms_funcs = { on_signal, on_close, on_changed,
    on_random };
  static const VmRoomShareFuncs share_funcs = { on_get, on_put, on_beat,
    on_list, on_watch, on_unwatch, on_scan, on_send };
  const VmOpenRooms open = { 10, USERS, USERS, USERS };
  World *world = g_new0 (World, 1);

  world->n_nodes = n_nodes;
  world->now = 1000 * SECOND;
  world->nodes = g_new0 (Node, n_nodes);
  world->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  world->watchers = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  for (guint i = 0; i < VM_CLUSTER_N_BUCKETS; i++)
    world->records[i] =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);
  for (guint i = 0; i < n_nodes; i++) {
    Node *node = &world->nodes[i];

    node->world = world;
    g_snprintf (node->name, sizeof node->name, "n%u", i);
    g_hash_table_insert (world->by_name, node->name, node);
    node->rooms = vm_rooms_new (&rooms_funcs, node);
    vm_rooms_set_open (node->rooms, &open);
    node->share = vm_room_share_new (node->rooms, &share_funcs, node,
        node->name, world->now, world->now / SECOND);
    vm_room_share_back (node->share, world->now);
  }
  for (guint i = 0; i < 4; i++)
    pass_second (world);
  world->users = g_new0 (User, USERS);
  for (guint i = 0; i < USERS; i++) {
    User *user = &world->users[i];

    /* the users of a room are at different nodes */
    user->node = &world->nodes[(i + i / ROOMS * 7) % n_nodes];
    g_snprintf (user->room, sizeof user->room, "room-%u", i % ROOMS);
    g_snprintf (user->user, sizeof user->user, "user-%u", i);
  }
  return world;
}

static void
world_free (World *world)
{
  for (guint i = 0; i < world->n_nodes; i++) {
    vm_room_share_free (world->nodes[i].share);
    vm_rooms_free (world->nodes[i].rooms);
  }
  for (guint i = 0; i < USERS; i++)
    g_free (world->users[i].id);
  for (guint i = 0; i < VM_CLUSTER_N_BUCKETS; i++)
    g_hash_table_unref (world->records[i]);
  g_hash_table_unref (world->by_name);
  g_hash_table_unref (world->watchers);
  g_free (world->nodes);
  g_free (world->users);
  g_free (world);
}

typedef struct
{
  gdouble messages, bytes;
} Cost;

static void
begin (World *world)
{
  world->counts = (Counts){ 0 };
  world->began = clock ();
}

/* What @what costs at NATS, @n times. */
static Cost
tell (World *world, const gchar *what, gdouble n)
{
  const Counts c = world->counts;
  const Cost cost = {
    (c.gets + c.puts + c.told + c.frames + c.watches + c.beats + c.lists) / n,
    c.bytes / n
  };

  g_print ("nodes=%u op=%s messages=%.2f bytes=%.0f gets=%.2f puts=%.2f "
           "told=%.2f frames=%.2f watches=%.2f beats=%.2f lists=%.2f "
           "conflicts=%.4f scans=%" G_GUINT64_FORMAT " cpu=%.0f us\n",
      world->n_nodes, what, cost.messages, cost.bytes, c.gets / n, c.puts / n,
      c.told / n, c.frames / n, c.watches / n, c.beats / n, c.lists / n,
      c.conflicts / n, c.scans,
      (gdouble) (clock () - world->began) * SECOND / CLOCKS_PER_SEC / n);
  fflush (stdout);
  begin (world);
  return cost;
}

static void
tell_memory (const World *world, gsize before)
{
  gsize all = mallinfo2 ().uordblks - before;
  GHashTableIter iter;
  gpointer record;

  /* of the store, which is no node's */
  g_hash_table_iter_init (&iter, world->records[VM_CLUSTER_ROOMS]);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    all -= size_of (((Record *) record)->value);
  g_print ("nodes=%u memory=%" G_GSIZE_FORMAT
           " bytes of a node, %" G_GSIZE_FORMAT " of a user\n",
      world->n_nodes, all / world->n_nodes, all / USERS);
}

/* Users by rooms when @at_once, so that all of a room are under way together;
 * else each room has one at a time. */
static void
join_all (World *world, gboolean at_once)
{
  for (guint i = 0; i < USERS; i++) {
    guint per_room = USERS / ROOMS;
    guint n = at_once ? i / per_room + i % per_room * ROOMS : i;

    join (world, &world->users[n]);
    if (i % AT_ONCE == AT_ONCE - 1)
      settle (world);
  }
  pass_second (world);
}

static void
leave_all (World *world)
{
  for (guint i = 0; i < USERS; i++) {
    vm_member_leave (world->users[i].member, NULL);
    world->users[i].member = NULL;
    if (i % AT_ONCE == AT_ONCE - 1)
      settle (world);
  }
  pass_second (world);
}

static void
rest (World *world, guint seconds)
{
  for (guint i = 0; i < seconds; i++)
    pass_second (world);
}

static void
offer_all (World *world)
{
  for (guint i = 0; i < USERS; i++) {
    offer (world, i);
    if (i % AT_ONCE == AT_ONCE - 1)
      settle (world);
  }
}

typedef enum
{
  JOIN,
  REST_SECOND,
  OFFER,
  LEAVE,
  RUSH,
  CROWDED,
  N_OPS
} Op;

static const gchar *const op_names[N_OPS] = {
  [JOIN] = "join",
  [REST_SECOND] = "rest",
  [OFFER] = "offer",
  [LEAVE] = "leave",
  [RUSH] = "rush",
  [CROWDED] = "crowd",
};

static guint
count_seated (const World *world, guint users)
{
  guint n = 0;

  for (guint i = 0; i < users; i++)
    n += world->users[i].member != NULL;
  return n;
}

/* Whoever is slower than others each time waits for a second. */
static void
crowd (World *world)
{
  const VmOpenRooms open = { VM_SIGNAL_ROSTER_MAX, USERS, USERS, USERS };
  guint seconds = 0;

  for (guint i = 0; i < world->n_nodes; i++)
    vm_rooms_set_open (world->nodes[i].rooms, &open);
  for (guint i = 0; i < CROWD; i++) {
    User *user = &world->users[i];

    g_strlcpy (user->room, "crowd", sizeof user->room);
    join (world, user);
  }
  settle (world);
  for (; count_seated (world, CROWD) < CROWD; seconds++)
    pass_second (world);
  g_print (
      "nodes=%u crowd=%u seated after %u s\n", world->n_nodes, CROWD, seconds);
}

static void
run (guint n_nodes, Cost costs[N_OPS])
{
  World *world = world_new (n_nodes);
  gsize before = mallinfo2 ().uordblks;

  begin (world);
  join_all (world, FALSE);
  costs[JOIN] = tell (world, op_names[JOIN], USERS);
  tell_memory (world, before);
  /* until what was just written is checked as often as all else */
  rest (world, VM_CLUSTER_CHECK_TIME / SECOND);
  begin (world);
  rest (world, REST);
  costs[REST_SECOND] =
      tell (world, op_names[REST_SECOND], (gdouble) n_nodes * REST);
  offer_all (world);
  costs[OFFER] = tell (world, op_names[OFFER], USERS);
  leave_all (world);
  costs[LEAVE] = tell (world, op_names[LEAVE], USERS);
  join_all (world, TRUE);
  costs[RUSH] = tell (world, op_names[RUSH], USERS);
  leave_all (world);
  begin (world);
  crowd (world);
  costs[CROWDED] = tell (world, op_names[CROWDED], CROWD);
  world_free (world);
}

int
main (void)
{
  Cost one[N_OPS], ten[N_OPS], hundred[N_OPS];

  run (1, one);
  run (10, ten);
  run (100, hundred);
  /* a crowd is not the same at ten nodes, where ten come by one write */
  for (guint i = 0; i < CROWDED; i++) {
    g_autofree gchar *name = g_strdup_printf ("scale-%s", op_names[i]);
    g_autofree gchar *bytes = g_strconcat (name, "-bytes", NULL);

    bench_print_precise (
        name, hundred[i].messages, ten[i].messages, "messages");
    bench_print_precise (bytes, hundred[i].bytes, ten[i].bytes, "bytes");
  }
  return 0;
}
