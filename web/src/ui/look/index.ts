// The look, in its order: tokens, components, then what the client adds.
import './tokens.css';
import './components.css';
import './client.css';
