#include "runtime/inspection/tls_context.hpp"

namespace streamer::detail {

ssl_context_ptr make_tls_context(const tls_files& files, inspection_side side,
                                 std::string& problem) {
  ERR_clear_error();
  ssl_context_ptr context{
      SSL_CTX_new(side == inspection_side::worker ? TLS_server_method() : TLS_client_method())};
  const bool ok =
      context && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
      SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_load_verify_file(context.get(), files.ca.c_str()) == 1;
  if (!ok) {
    problem = "the files of [inspect] cannot be used: " + openssl_complaint();
    return nullptr;
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Every connection shows its certificate anew; nothing is kept of one that has ended.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

} // namespace streamer::detail
