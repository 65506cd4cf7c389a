/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a process has to have done before its first thread: before main().
 * Nobody calls it: who links the archive asks for it by name. */

#include <libsoup/soup.h>
#include <openssl/crypto.h>

void vm_at_load (void);

/* At exit OpenSSL frees what it keeps for each thread, while threads of
 * GStreamer's pools that used it may still be ending and free it too: a process
 * that exits right after a call crashes now and then. The kernel frees it as
 * well. Only the first initialisation in a process decides. */
static void
keep_openssl_at_exit (void)
{
  OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
}

/* GLib makes a class under a lock that a type with interfaces takes while it is
 * registered. So a thread that makes the first SoupSession, whose class names
 * GInetSocketAddress, and another that just registers that wait for each other
 * for ever: one start of a server of a thousand. What is made here is there
 * when they come: the classes of the network, and by that the types that they
 * name. None of them begins a thread (GTask does): who forks would lose it. */
static void
make_classes (void)
{
  const GType types[] = { G_TYPE_INET_SOCKET_ADDRESS, G_TYPE_NETWORK_ADDRESS,
    G_TYPE_SOCKET_CLIENT, G_TYPE_TCP_CONNECTION, G_TYPE_TCP_WRAPPER_CONNECTION,
    G_TYPE_TLS_CONNECTION, G_TYPE_TLS_CERTIFICATE, G_TYPE_TLS_INTERACTION,
    SOUP_TYPE_SESSION, SOUP_TYPE_MESSAGE, SOUP_TYPE_WEBSOCKET_CONNECTION };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_type_class_ref (types[i]); /* for as long as the process lives */
}

void __attribute__ ((constructor)) vm_at_load (void)
{
  keep_openssl_at_exit ();
  make_classes ();
}
