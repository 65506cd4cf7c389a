/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ./dev bench scale-nats: what a nats-server on this machine spends on each
 * thing that ./dev bench scale counts: CPU time of its process, whatever else
 * the machine does. docs/scale.md multiplies the two. */

#include "bench.h"

#include <gio/gio.h>
#include <gst/videomeet/cluster/nats/natsbus.h>
#include <gst/videomeet/cluster/nats/natssubscriptions.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIMES 20000 /* of each */
#define KEYS 500
#define RECORD_BYTES 700 /* of a room of five; ./dev bench scale */
#define FRAME_BYTES 150 /* most are acknowledgements */
#define EARS 4 /* that are told of a write, at as many nodes */
#define SETTLE (G_USEC_PER_SEC / 2) /* until what was told has gone out */
#define JOIN_LIMIT                                           \
  2000 /* µs, so that a processor serves 500 joins a second \
        */

/* Of a join, as ./dev bench scale says: gets, puts, told, frames, watches. */
#define JOIN_GETS 1
#define JOIN_PUTS 1
#define JOIN_TOLD 3
#define JOIN_FRAMES 4
#define JOIN_WATCHES 1

#define START (10 * G_USEC_PER_SEC) /* until nats-server listens */

static GSubprocess *server;
static gchar *folder; /* its own */
static guint64 revisions[KEYS];
static gint heard, frames;

/* Where it listens, which it says in a file; NULL: not yet. */
static gchar *
read_url (void)
{
  g_autofree gchar *name = g_strdup_printf (
      "nats-server_%s.ports", g_subprocess_get_identifier (server));
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *text = NULL;
  const gchar *url = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    url = strstr (text, "nats://");
  return url ? g_strndup (url, strcspn (url, "\"")) : NULL;
}

/* Returns: (transfer full) */
static gchar *
start_server (void)
{
  gint64 deadline = g_get_monotonic_time () + START;
  g_autoptr (GError) error = NULL;
  gchar *url;

  folder = g_dir_make_tmp ("vm-bench-XXXXXX", &error);
  if (folder)
    server = g_subprocess_new (
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
        &error, "nats-server", "-a", "127.0.0.1", "-p", "-1", "-js", "-sd",
        folder, "--ports_file_dir", folder, NULL);
  if (!server)
    g_error ("%s", error->message);
  while (!(url = read_url ())) {
    if (g_get_monotonic_time () >= deadline)
      g_error ("nats-server does not listen");
    bench_wait (START / 100);
  }
  return url;
}

static void
stop_server (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  g_subprocess_force_exit (server);
  g_subprocess_wait (server, NULL, NULL);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
}

static gdouble
get_cpu (void)
{
  g_autofree gchar *path =
      g_strdup_printf ("/proc/%s/stat", g_subprocess_get_identifier (server));
  g_autofree gchar *text = NULL;
  unsigned long user = 0, kernel = 0;
  const gchar *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("nats-server has ended");
  /* behind the name, which may have blanks: fields 14 and 15, proc(5) */
  end = strrchr (text, ')');
  if (sscanf (end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
          &user, &kernel)
      != 2)
    g_error ("%s is not as proc(5) says", path);
  return (gdouble) (user + kernel) * G_USEC_PER_SEC
         / (gdouble) sysconf (_SC_CLK_TCK);
}

static void
on_changed (
    const gchar *key, GBytes *value, guint64 revision, gpointer user_data)
{
  g_atomic_int_inc (&heard);
}

static void
on_frame (GBytes *frame, gpointer user_data)
{
  g_atomic_int_inc (&frames);
}

static void
on_back (gpointer user_data)
{
}

/* What finds no connection is lost. */
static void
wait_for_frame (VmNatsBus *bus)
{
  gint64 deadline = g_get_monotonic_time () + START;
  g_autoptr (GBytes) frame = g_bytes_new_static ("", 1);

  while (!g_atomic_int_get (&frames)) {
    if (g_get_monotonic_time () >= deadline)
      g_error ("no frame has come");
    vm_nats_bus_send (bus, "other", frame);
    bench_wait (START / 100);
  }
}

static gchar *
key_of (guint i)
{
  g_autofree gchar *name = g_strdup_printf ("room-%u", i % KEYS);

  return vm_cluster_key (name);
}

static VmNatsLink *
connect_link (natsOptions *options)
{
  g_autoptr (GError) error = NULL;
  VmNatsLink *link = vm_nats_link_new (options, &error);

  if (!link)
    g_error ("nats-server: %s", error->message);
  return link;
}

static void
put_all (VmNatsLink *link)
{
  static gchar data[RECORD_BYTES];
  g_autoptr (GBytes) value = g_bytes_new_static (data, sizeof data);

  for (guint i = 0; i < TIMES; i++) {
    g_autofree gchar *key = key_of (i);
    guint64 *revision = &revisions[i % KEYS];

    if (vm_nats_link_put (
            link, VM_CLUSTER_ROOMS, key, value, *revision, revision)
        != VM_CLUSTER_DONE)
      g_error ("nats-server takes no record");
  }
}

static void
get_all (VmNatsLink *link)
{
  for (guint i = 0; i < TIMES; i++) {
    g_autofree gchar *key = key_of (i);
    g_autoptr (GBytes) value = NULL;
    guint64 revision = 0;

    if (vm_nats_link_get (link, VM_CLUSTER_ROOMS, key, &value, &revision)
            != VM_CLUSTER_DONE
        || !value)
      g_error ("nats-server has lost a record");
  }
}

/* Begins and ends, so half as often. */
static void
watch_all (VmNatsLink *link)
{
  g_autoptr (VmNatsSubscriptions) subscriptions =
      vm_nats_subscriptions_new (on_changed, NULL);

  vm_nats_subscriptions_move (subscriptions, link);
  for (guint i = 0; i < TIMES / 2; i++) {
    g_autofree gchar *key = key_of (i);

    vm_nats_subscriptions_add (subscriptions, key);
    vm_nats_subscriptions_remove (subscriptions, key);
  }
  natsConnection_Flush (link->connection);
  vm_nats_subscriptions_move (subscriptions, NULL);
}

static void
send_all (VmNatsBus *bus)
{
  static gchar data[FRAME_BYTES];
  g_autoptr (GBytes) frame = g_bytes_new_static (data, sizeof data);

  g_atomic_int_set (&frames, 0);
  for (guint i = 0; i < TIMES; i++) {
    vm_nats_bus_send (bus, "other", frame);
    /* what it keeps is bounded */
    while ((gint) i - g_atomic_int_get (&frames) >= VM_NATS_BUS_MAX / 2)
      bench_wait (100);
  }
}

/* CPU time of one of @times since @before. */
static gdouble
tell (const gchar *what, gdouble before, gdouble times)
{
  gdouble one;

  bench_wait (SETTLE);
  one = (get_cpu () - before) / times;
  printf ("op=%s cpu=%.1f us\n", what, one);
  fflush (stdout);
  return one;
}

static gdouble
measure_told (natsOptions *options, VmNatsLink *link, gdouble put)
{
  VmNatsLink *links[EARS];
  VmNatsSubscriptions *subscriptions[EARS];
  gdouble before, all;

  for (guint n = 0; n < EARS; n++) {
    links[n] = connect_link (options);
    subscriptions[n] = vm_nats_subscriptions_new (on_changed, NULL);
    vm_nats_subscriptions_move (subscriptions[n], links[n]);
    for (guint i = 0; i < KEYS; i++) {
      g_autofree gchar *key = key_of (i);

      vm_nats_subscriptions_add (subscriptions[n], key);
    }
    natsConnection_Flush (links[n]->connection);
  }
  before = get_cpu ();
  put_all (link);
  all = tell ("put-and-tell-four", before, TIMES);
  if (g_atomic_int_get (&heard) != TIMES * EARS)
    g_error ("only %d were told", g_atomic_int_get (&heard));
  for (guint n = 0; n < EARS; n++) {
    vm_nats_subscriptions_move (subscriptions[n], NULL);
    vm_nats_subscriptions_free (subscriptions[n]);
    vm_nats_link_free (links[n]);
  }
  return MAX (all - put, 0) / EARS;
}

static gdouble
measure_frame (const VmNatsConfig *config)
{
  static const VmNatsBusFuncs funcs = { on_frame, on_back };
  g_autoptr (VmNatsBus) bus =
      vm_nats_bus_new (config, "one", &funcs, NULL, NULL);
  g_autoptr (VmNatsBus) other =
      vm_nats_bus_new (config, "other", &funcs, NULL, NULL);
  gdouble before;

  wait_for_frame (bus);
  bench_wait (SETTLE);
  before = get_cpu ();
  send_all (bus);
  return tell ("frame", before, TIMES);
}

int
main (void)
{
  g_autofree gchar *url = NULL;
  VmNatsConfig config = { 0 };
  natsOptions *options;
  VmNatsLink *link;
  gdouble before, put, get, watch, told, frame, join;

  config.url = url = start_server ();
  options = vm_nats_options_new (&config, NULL);
  link = connect_link (options);
  before = get_cpu ();
  put_all (link);
  put = tell ("put", before, TIMES);
  before = get_cpu ();
  get_all (link);
  get = tell ("get", before, TIMES);
  before = get_cpu ();
  watch_all (link);
  watch = tell ("watch", before, TIMES);
  told = measure_told (options, link, put);
  frame = measure_frame (&config);
  join = JOIN_GETS * get + JOIN_PUTS * put + JOIN_TOLD * told
         + JOIN_FRAMES * frame + JOIN_WATCHES * watch;
  printf ("op=told cpu=%.1f us\n", told);
  printf ("bench scale-nats ours=%.1f limit=%d unit=us\n", join, JOIN_LIMIT);
  vm_nats_link_free (link);
  natsOptions_Destroy (options);
  stop_server ();
  nats_Close ();
  return 0;
}
