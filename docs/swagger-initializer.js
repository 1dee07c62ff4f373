// Shows the document that lies beside this script. Its address decides, so that the
// page works wherever it is mounted, and behind whatever prefix.
const specification = new URL('openapi.json', document.currentScript.src).href;

window.onload = function () {
  window.ui = SwaggerUIBundle({
    url: specification,
    dom_id: '#swagger-ui',
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: 'StandaloneLayout',
    docExpansion: 'list',
    deepLinking: true,
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    validatorUrl: null,
  });
  new MutationObserver(beginAtTheTop).observe(document.body, { childList: true, subtree: true });
};

// Swagger UI gives the focus to the last field of its dialog, which it scrolls to;
// what most people paste first belongs into the first.
function beginAtTheTop(changes) {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      const dialog = node.nodeType === Node.ELEMENT_NODE && node.querySelector('.modal-ux-content');
      if (dialog) {
        dialog.querySelector('input')?.focus();
        dialog.scrollTop = 0;
      }
    }
  }
}
